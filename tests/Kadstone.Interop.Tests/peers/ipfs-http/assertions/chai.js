// The suite's assertions: chai with the plugins that its tests were written for. The order is chai's own demand.
import chai from 'chai'
import promises from 'chai-as-promised'
import bytes from 'chai-bites'
import parentheses from 'chai-parentheses'
import strings from 'chai-string'
import subset from 'chai-subset'

for (const plugin of [promises, parentheses, subset, bytes, strings]) chai.use(plugin)

export const { assert, expect } = chai
export { chai }
