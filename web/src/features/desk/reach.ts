import { useSession } from '../../session/session'

/** Whether a permission goes beyond the person's own records: they answer for others. */
export function reachesOthers(permission: string): boolean {
  const grant = useSession().me?.permissions[permission]
  return Boolean(grant && (grant.everything || grant.units.length || grant.subtrees.length))
}
