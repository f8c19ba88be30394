import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['竞争对手', 'Competitors'],
  against: ['正在竞争的商机', 'Open deals against them'],
  lost_to: ['输给它的商机', 'Deals lost to them'],
})
