import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['搜索', 'Search'],
  placeholder: ['名称、拼音首字母、电话或编号', 'A name, pinyin initials, a telephone number or a code'],
  all: ['全部', 'All'],
  types: ['类型', 'Types'],
  found: ['找到 {n} 条', '{n} found'],
  found_most: ['最相关的 {n} 条', 'The {n} best matches'],
  none: ['没有找到“{q}”', 'Nothing found for “{q}”'],
  none_hint: ['试试更短的词、拼音首字母，或电话号码的任意四位以上。', 'Try a shorter word, pinyin initials, or any four digits of a telephone number.'],
  begin: ['输入要找的内容，可在所有客户、联系人、商机、订单等记录中查找。', 'Write what to look for, in customers, contacts, deals, orders and all else you may see.'],
})
