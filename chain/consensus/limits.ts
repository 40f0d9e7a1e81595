/**
 * Bounds of the core that are not protocol parameters: they protect one node's memory and wire and may differ between
 * nodes without harm. docs/consensus.md has the table.
 */

/** Suspended vertices of one author: this many times the round look-ahead. */
export const SUSPENDED_PER_AUTHOR_FACTOR = 2
/** Bytes of suspended vertices of one author. */
export const SUSPENDED_BYTES_PER_AUTHOR_MAX = 32 * 1024 * 1024
/** Vertices of one slot that are taken from streams; more only when an accepted vertex's history names them. */
export const TWINS_PER_SLOT_MAX = 8
/** Vertices whose timestamp is ahead of our clock and that wait until they are due. */
export const EARLY_VERTICES_MAX = 1_000
/** Of these, of one author. */
export const EARLY_PER_AUTHOR_MAX = 8
/** A timestamp further ahead than this is not waited for. */
export const EARLY_WAIT_MAX_MS = 5_000
/** References per fetch request. */
export const FETCH_REFS_MAX = 32
/** Fetch requests to one peer at a time. */
export const FETCHES_PER_PEER_MAX = 5
/** Peers named in one fetch: the first is asked, the next ones when it fails. */
export const FETCH_PEERS = 3
/** First wait for an answer before a missing vertex is asked for elsewhere; doubled up to the maximum. */
export const FETCH_RETRY_MS = 500
export const FETCH_RETRY_MAX_MS = 8_000
/** Missing vertices are looked through this often at most. */
export const FETCH_PASS_MS = 20
/** The pause between two such looks grows by itself once for each so many missing vertices. */
export const FETCH_PASS_STRETCH = 2_000
/** Missing vertices that one look considers, lowest rounds first. */
export const FETCH_CANDIDATES_MAX = 640
/** Share of the leader timeout that a missing parent is given to arrive by itself before it is fetched: 1/5. */
export const FETCH_GRACE_DIVISOR = 5
/** Vertices of a history push to one peer at a time. */
export const PUSH_VERTICES_MAX = 32
/** Rounds of history that a push looks back. */
export const PUSH_ROUNDS = 12
/** Commit sync starts when the quorum is this many batches ahead. */
export const COMMIT_SYNC_LAG_BATCHES = 5
/** Commit sync also starts when others commit and we do not for this long. */
export const COMMIT_STALL_MS = 5_000
/** Wait for the answer to a commit range before another peer is asked. */
export const COMMIT_SYNC_RETRY_MS = 10_000
/** Pause between two questions for our own last vertex. */
export const OWN_LAST_RETRY_MS = 5_000
/** All others know nothing either: the network is fresh, and everybody should have asked once more before we start. */
export const FRESH_START_WAIT_MS = 6_000
/** While our round does not advance, our last vertex is sent again this often: a lost message must not stop everybody. */
export const REPUBLISH_MS = 1_000
/** Different digests for which one author's votes on a commit are counted: one more than an honest one has. */
export const COMMIT_DIGESTS_PER_AUTHOR_MAX = 2
/** Heights for each author whose execution votes are counted at a time; those so far below the certified one are not. */
export const EXEC_HEIGHTS_MAX = 256
/** Blocks that certificates may lag behind our execution before own vertices stay empty. */
export const CERTIFICATE_LAG_MAX = 64
/** Equivocations waiting to be reported in own vertices. */
export const EVIDENCE_QUEUE_MAX = 16
/** System items of one vertex; the options may give half as many. */
export const SYSTEM_ITEMS_MAX = 8
/** Own payload that waits for a vertex: this many vertices full. */
export const PAYLOAD_VERTICES = 2
/** The adaptive cap on the payload of an own vertex never falls below this. */
export const PAYLOAD_CAP_FLOOR_BYTES = 32 * 1024
