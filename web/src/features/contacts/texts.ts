import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['联系人', 'Contacts'],
  view_deciders: ['决策人', 'Decision makers'],
  vcard: ['下载名片', 'Download vCard'],
})
