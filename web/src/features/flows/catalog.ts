import type { Label } from '../../i18n'

export type Kind = 'number' | 'boolean' | 'text' | 'choice'
export interface DocumentField { name: string; label: Label; kind: Kind; options?: { value: string; label: Label }[] }

const label = (zh: string, en: string): Label => ({ zh, en })
const option = (value: string, zh: string, en: string) => ({ value, label: label(zh, en) })
const AMOUNT: DocumentField = { name: 'amount', label: label('金额', 'Amount'), kind: 'number' }
const CURRENCY: DocumentField = { name: 'currency', label: label('币种', 'Currency'), kind: 'text' }

/** What each kind of document tells its approval: the fields that conditions may use. The API describes no such list. */
export const DOCUMENT_FIELDS: Record<string, DocumentField[]> = {
  claim: [
    AMOUNT, CURRENCY,
    { name: 'over_policy', label: label('超标', 'Over policy'), kind: 'boolean' },
    { name: 'items', label: label('明细笔数', 'Number of items'), kind: 'number' },
    { name: 'with_trip', label: label('关联出差', 'Belongs to a trip'), kind: 'boolean' },
    { name: 'about_type', label: label('费用归属', 'Belongs to'), kind: 'choice', options: [option('customer', '客户', 'Customer'), option('opportunity', '销售机会', 'Opportunity'), option('order', '订单', 'Order'), option('request', '服务请求', 'Request')] },
    { name: 'method', label: label('付款方式', 'Method'), kind: 'choice', options: [option('bank_transfer', '银行转账', 'Bank transfer'), option('cash', '现金', 'Cash'), option('company_card', '公司卡', 'Company card'), option('other', '其他', 'Other')] },
  ],
  travel_plan: [
    AMOUNT, CURRENCY,
    { name: 'days', label: label('天数', 'Days'), kind: 'number' },
    { name: 'customers', label: label('拜访客户数', 'Customers to visit'), kind: 'number' },
    { name: 'destination_region_code', label: label('目的地代码', 'Destination code'), kind: 'text' },
  ],
  order: [
    AMOUNT, CURRENCY,
    { name: 'discount', label: label('折扣（%）', 'Discount (%)'), kind: 'number' },
    { name: 'customer_id', label: label('客户', 'Customer'), kind: 'text' },
  ],
}

export function documentField(subject: string, name: string): DocumentField {
  return DOCUMENT_FIELDS[subject]?.find((field) => field.name === name) ?? { name, label: label(name, name), kind: 'text' }
}

export type Operator = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'not_in' | 'contains'
const BY_KIND: Record<Kind, Operator[]> = {
  number: ['gte', 'gt', 'lte', 'lt', 'eq', 'ne'],
  boolean: ['eq'],
  text: ['eq', 'ne', 'in', 'not_in', 'contains'],
  choice: ['in', 'not_in'],
}
export const operatorsFor = (kind: Kind): Operator[] => BY_KIND[kind]
