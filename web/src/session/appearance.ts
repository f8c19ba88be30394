import { usePreferredDark, useStorage } from '@vueuse/core'
import { computed, watchEffect } from 'vue'

export type Appearance = 'system' | 'light' | 'dark'

export const appearance = useStorage<Appearance>('banyan.appearance', 'system')
const preferred = usePreferredDark()
export const dark = computed(() => (appearance.value === 'system' ? preferred.value : appearance.value === 'dark'))

watchEffect(() => document.documentElement.classList.toggle('dark', dark.value))
