import { useQueryClient } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { get, post } from '../api/client'
import { ApiError } from '../api/errors'
import { t } from '../i18n'
import { useSession } from '../session/session'
import type { Job } from './types'

/** What a device remembers of a job: enough to ask for it again, until it is over. */
interface Kept {
  id: string
  title: string
  collection: string
  /** It is an import that was no mere check, and was not undone from here. */
  undoable: boolean
  /** When it was begun. */
  at: string
  /** How it ended, once that is known: nothing of it changes any more, so it is not asked for again. */
  job?: Job
}

export interface Followed extends Kept {
  job: Job
}

const OFTEN_MS = 700
const PATIENCE = 20
const AT_MOST = 20
/** As long as the server keeps the files of jobs. */
const KEPT_MS = 30 * 86_400_000

const shelf = (user: string): string => `banyan.jobs.${user}`

function keptBy(user: string): Kept[] {
  try {
    const kept = JSON.parse(localStorage.getItem(shelf(user)) ?? '[]') as Kept[]
    return kept.filter(({ at }) => Date.now() - Date.parse(at) < KEPT_MS)
  } catch {
    return []
  }
}

/** Read just before it is written: another tab of the same person follows jobs of its own. */
function rewrite(user: string | undefined, change: (kept: Kept[]) => Kept[]): void {
  if (!user) return
  const kept = change(keptBy(user)).slice(0, AT_MOST)
  if (kept.length) localStorage.setItem(shelf(user), JSON.stringify(kept))
  else localStorage.removeItem(shelf(user))
}

export const isOver = (job: Job): boolean => job.state === 'done' || job.state === 'failed'
/** What is kept of a job that is over. Errors of single records may be a thousand, and the tray shows none of them. */
const brief = (job: Job): Job => ({ ...job, errors: job.errors.filter(({ line, message }) => line === undefined && message) })

/** Whether what a job made can be taken back: undoing an import deletes the records that it created. */
export function canUndo({ undoable, job }: Followed): boolean {
  return undoable && isOver(job) && (job.counts.created ?? 0) > 0
}

/**
 * Work that goes on behind the page. A person may leave, reload and come back another day; the tray in the top bar goes on
 * showing what they began, until they dismiss it or the server has forgotten it.
 */
export const useJobs = defineStore('jobs', () => {
  const client = useQueryClient()
  const session = useSession()
  const me = (): string | undefined => session.me?.user.id
  const followed = ref<Followed[]>([])
  const running = computed(() => followed.value.filter(({ job }) => !isOver(job)).length)

  watch(me, (user) => {
    followed.value = []
    if (user) for (const kept of keptBy(user)) void takeUp(user, kept)
  }, { immediate: true })

  function follow(job: Job, title: string, collection: string, { undoable = false } = {}): Followed {
    const kept: Kept = { id: job.id, title, collection, undoable, at: new Date().toISOString() }
    rewrite(me(), (all) => [kept, ...all])
    return show(kept, job)
  }

  function show(kept: Kept, job: Job): Followed {
    followed.value = [{ ...kept, job }, ...followed.value].sort((a, b) => b.at.localeCompare(a.at))
    const entry = followed.value.find(({ id }) => id === kept.id) as Followed
    if (!kept.job) void watchOver(entry)
    return entry
  }

  /** One that an earlier page followed is shown at once when it is over, else when the server has said how it stands. */
  async function takeUp(user: string, kept: Kept): Promise<void> {
    const job = kept.job ?? (await standing(user, kept.id))
    if (job && me() === user && !followed.value.some(({ id }) => id === kept.id)) show(kept, job)
  }

  async function watchOver(entry: Followed): Promise<void> {
    const user = me()
    while (!isOver(entry.job)) {
      await pause(OFTEN_MS)
      const job = await standing(user, entry.id)
      if (!job) return
      entry.job = job
    }
    rewrite(user, (all) => all.map((one) => (one.id === entry.id ? { ...one, job: brief(entry.job) } : one)))
    await client.invalidateQueries({ queryKey: ['list', entry.collection] })
  }

  /**
   * How a job stands, asked until the server says so. Null when the server has forgotten it, and then it is forgotten here
   * too, or when another person has signed in meanwhile.
   */
  async function standing(user: string | undefined, id: string): Promise<Job | null> {
    for (let misses = 1; me() === user; misses++) {
      try {
        const job = await get<Job>(`/jobs/${id}`)
        return me() === user ? job : null
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) {
          drop(user, id)
          return null
        }
      }
      await pause(OFTEN_MS * Math.min(misses, PATIENCE))
    }
    return null
  }

  function drop(user: string | undefined, id: string): void {
    rewrite(user, (all) => all.filter((one) => one.id !== id))
    if (me() === user) followed.value = followed.value.filter((one) => one.id !== id)
  }
  const forget = (entry: Followed): void => drop(me(), entry.id)

  /** Take back what an import created; answers the job that does it. */
  async function undo(entry: Followed): Promise<Followed> {
    const job = await post<Job>(`/jobs/${entry.id}/undo`)
    entry.undoable = false
    rewrite(me(), (all) => all.map((one) => (one.id === entry.id ? { ...one, undoable: false } : one)))
    return follow(job, `${t('records.undo')} · ${entry.title}`, entry.collection)
  }

  return { followed, running, follow, forget, undo }
})

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** From 0 to 100; null while the size is unknown. */
export function percent(job: Job): number | null {
  if (job.state === 'done') return 100
  return job.progress.total ? Math.round((100 * job.progress.done) / job.progress.total) : null
}
