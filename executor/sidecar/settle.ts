/** How long a stopping sidecar waits for transactions under way; what they did is found again on the chain. */
const STOP_WAIT_MS = 5_000

/** Waits for `work`, but no longer than a stopping process may take. */
export async function settleForStop(work: Iterable<Promise<unknown>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise(resolve => {
    timer = setTimeout(resolve, STOP_WAIT_MS)
  })
  await Promise.race([Promise.allSettled(work), patience])
  clearTimeout(timer)
}
