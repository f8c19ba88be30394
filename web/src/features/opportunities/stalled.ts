/** Open deals that the sales service found stalled, those that nobody has worked on for longest first. */
export const STALLED = { status__in: 'open', stalled_at__isnull: 'false', sort: 'active_at' }
