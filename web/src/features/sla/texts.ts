import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['服务时限', 'SLA policies'],
  any: ['不限', 'Any'],
  round_the_clock: ['全天候', 'Round the clock'],
  minutes: ['{n} 分钟', '{n} min'],
  hours: ['{n} 小时', '{n} h'],
  days: ['{n} 天', '{n} d'],
  rule: ['如何生效', 'How it is chosen'],
  rule_unit: ['先看请求所属组织，没有合适的再看上级组织。', 'The nearest unit with a fitting policy decides: the request’s own, then the ones above it.'],
  rule_specific: ['同一组织里，条件最多的一条生效；留空的条件不限。', 'Within a unit the policy with most conditions holds; an empty condition fits everything.'],
  rule_clock: ['按工作日历计时，未指定日历的全天候计时；挂起时暂停。解决时限过去 80% 时预警，到期升级。', 'The clock runs by the policy’s business calendar, round the clock without one, and stops on hold. At 80 % of the time to solve it warns, at the end it escalates.'],
})
