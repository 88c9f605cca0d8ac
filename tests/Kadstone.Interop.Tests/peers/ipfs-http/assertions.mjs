// What the suite imports as aegir/chai: chai with the plugins that its tests were written for. Their order is chai's own demand.
// The same file is the hook that leads there.
import chai from 'chai'
import promises from 'chai-as-promised'
import bytes from 'chai-bites'
import parentheses from 'chai-parentheses'
import strings from 'chai-string'
import subset from 'chai-subset'

for (const plugin of [promises, parentheses, subset, bytes, strings]) chai.use(plugin)

export const { assert, expect } = chai
export { chai }

export function resolve (specifier, context, next) {
  return specifier === 'aegir/chai' ? { url: import.meta.url, shortCircuit: true } : next(specifier, context)
}
