const BROWSERS: [RegExp, string][] = [[/MicroMessenger/, 'WeChat'], [/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari']]
const SYSTEMS: [RegExp, string][] = [[/HarmonyOS|OpenHarmony/, 'HarmonyOS'], [/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']]

/** What a person would call the device behind a user agent: `Chrome, Windows`; programs keep their first word. */
export function deviceOf(agent: string | null): string {
  if (!agent) return ''
  const first = (list: [RegExp, string][]): string => list.find(([pattern]) => pattern.test(agent))?.[1] ?? ''
  const [browser, system] = [first(BROWSERS), first(SYSTEMS)]
  if (!browser) return agent.split(/[\s/]/)[0]?.slice(0, 40) ?? ''
  return system ? `${browser}, ${system}` : browser
}
