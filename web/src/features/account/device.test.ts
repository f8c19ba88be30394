import { describe, expect, it } from 'vitest'
import { deviceOf } from './device'

describe('the device behind a user agent', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0', 'Edge, Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1', 'Safari, iOS'],
    ['python-requests/2.34.2', 'python-requests'],
    [null, ''],
  ])('%s', (agent, name) => {
    expect(deviceOf(agent)).toBe(name)
  })
})
