// The suites that load files from the package are not run here: the package is published without them.
export default () => { throw new Error('the published package has no fixtures') }
