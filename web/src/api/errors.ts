export interface FieldError {
  pointer: string
  code: string
  message: string
}

/** The field that a pointer is about: `/amount/currency` is about `amount`, `/custom/vip_no` about `custom.vip_no`. */
function fieldAt(pointer: string): string {
  const [first = '', second] = pointer.split('/').slice(1)
  return first === 'custom' && second ? `custom.${second}` : first
}

/** What the server answered instead of what was asked for (RFC 9457). `status` 0: it was not reached. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly errors: FieldError[]
  readonly requestId: string
  /** Seconds after which asking again makes sense; null when the server did not say. */
  readonly retryAfter: number | null

  constructor(problem: {
    status: number
    code: string
    detail: string
    errors?: FieldError[]
    requestId?: string
    retryAfter?: number | null
  }) {
    super(problem.detail)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.errors = problem.errors ?? []
    this.requestId = problem.requestId ?? ''
    this.retryAfter = problem.retryAfter ?? null
  }

  /** The server decided against the call, so another try is a call of its own with a key of its own. False while it is
   *  unknown whether the call took effect: then the same key must be sent again. */
  get decided(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.code !== 'key_in_use'
  }

  /** Message by pointer, `/lines/0/price`, the first of each. */
  byPointer(): Record<string, string> {
    return Object.fromEntries(this.errors.map((error): [string, string] => [error.pointer, error.message]).reverse())
  }

  /** Message by field name, the first of each. */
  byField(): Record<string, string> {
    return Object.fromEntries(this.errors.map((error): [string, string] => [fieldAt(error.pointer), error.message]).filter(([name]) => name).reverse())
  }

  /** What is wrong elsewhere than at these fields, in words; empty when each error is about one of them. */
  elsewhere(fields: readonly string[]): string {
    const messages = this.errors.filter((error) => !fields.includes(fieldAt(error.pointer))).map((error) => error.message)
    return [...new Set(messages)].join(' ')
  }
}

/** The line is gone; what was written is kept on this device and sent when it is back. */
export class Queued extends ApiError {
  constructor() {
    super({ status: 0, code: 'queued', detail: '' })
  }
}

/** The error that a response describes. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body: Record<string, unknown> = await response.json().catch(() => ({}))
  const wait = Number(response.headers.get('Retry-After'))
  return new ApiError({
    status: response.status,
    code: String(body.code ?? 'unknown'),
    detail: String(body.detail ?? response.statusText),
    errors: (body.errors as FieldError[] | undefined) ?? [],
    requestId: String(body.request_id ?? response.headers.get('X-Request-Id') ?? ''),
    retryAfter: Number.isFinite(wait) && wait > 0 ? wait : null,
  })
}
