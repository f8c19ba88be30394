import { useQueryClient } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { get } from '../api/client'
import type { Job } from './types'

export interface Followed {
  job: Job
  title: string
  collection: string
}

const OFTEN_MS = 700

/** Work that goes on behind the page. A person may leave; the tray in the top bar goes on showing it. */
export const useJobs = defineStore('jobs', () => {
  const client = useQueryClient()
  const followed = ref<Followed[]>([])
  const running = computed(() => followed.value.filter(({ job }) => job.state === 'queued' || job.state === 'running').length)

  function follow(job: Job, title: string, collection: string): Followed {
    followed.value.unshift({ job, title, collection })
    const entry = followed.value[0] as Followed
    void watch(entry)
    return entry
  }

  async function watch(entry: Followed): Promise<void> {
    let misses = 0
    while (entry.job.state === 'queued' || entry.job.state === 'running') {
      await new Promise((done) => setTimeout(done, OFTEN_MS * (1 + misses)))
      try {
        entry.job = await get<Job>(`/jobs/${entry.job.id}`)
        misses = 0
      } catch {
        if (++misses > 20) return
      }
    }
    await client.invalidateQueries({ queryKey: ['list', entry.collection] })
  }

  function forget(entry: Followed): void {
    followed.value = followed.value.filter((one) => one !== entry)
  }

  return { followed, running, follow, forget }
})

/** From 0 to 100; null while the size is unknown. */
export function percent(job: Job): number | null {
  if (job.state === 'done') return 100
  return job.progress.total ? Math.round((100 * job.progress.done) / job.progress.total) : null
}
