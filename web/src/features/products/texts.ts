import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['产品', 'Products'],
  view_on_sale: ['在售', 'On sale'],
  view_off_sale: ['停售', 'Off sale'],
})
