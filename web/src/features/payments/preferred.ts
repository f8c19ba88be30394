import { ref } from 'vue'

/** The receivable from which somebody set out to record a payment: it is paid first. */
export const preferred = ref<string | null>(null)
