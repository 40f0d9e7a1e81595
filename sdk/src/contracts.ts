/**
 * The parts of the contracts that clients, executors and verifiers use, as readable signatures. Full ABIs for other
 * tools are in `abi/`; a test holds every line here against them.
 */
import { Interface } from 'ethers'

const SOURCE_PARAMS =
  '(address client, string imageMetadataUrl, uint8 imageEnvironments, uint256 minPayment, uint256 minAvailableLockup, uint256 maxExpiryDuration, bool privacyEnabled, string optionalParamsUrl, uint8 deliveryMethod, uint256 lastUpdateTime)'

export const POLICY_FIELDS =
  'bytes32 programId, uint8 redundancy, uint8 quorum, uint8 auditors, uint8 auditQuorum, uint8 jury, uint8 reassignMax, uint16 auditRateBps, uint16 auditFeeBps, uint32 bondBps, uint96 bondMin, uint32 acceptBlocks, uint32 commitBlocks, uint32 revealBlocks, uint32 auditBlocks, uint32 windowBlocks, uint32 heartbeatBlocks, uint8 retryMax, uint16 checkpointBps, uint32 checkpointSteps, uint8 checkpointReceipts'

const FRAGMENTS = {
  nexus: [
    `function publishSource(${SOURCE_PARAMS} _sourceParams)`,
    'function inactivateSource(address source)',
    'function register(address source, address provider, uint8 preferredEnvironment)',
    'function unregister(address source, address provider)',
    'function attempt(address task, address provider, uint256 suggestedPayment)',
    'function submitResponse((address task, address provider, string data, uint256 payment) _responseParams)',
    'function expireTask(address task)',
    'function getSourceCount() view returns (uint256)',
    'function getSources(uint256 lower, uint256 upper) view returns (address[])',
    'event SourcePublished(address source)',
    'event TaskPublished(address task, address source)',
    'event TaskStatusChanged(address task, uint8 status)',
    'event ResponseSubmitted(address response, address task)',
    'event Registered(address provider, uint256 registrantId, address source, uint8 preferredEnvironment)',
  ],
  controller: [
    'function publishTask((address source, string config, uint256 expiryTime, uint256 payment) _taskParams)',
    'function cancelTask(address task)',
    'function confirmResponse(address response)',
  ],
  terminal: [
    'function announceProvider(address provider, uint256 amount) payable',
    'function announceMaster(address master)',
    'function setAgent(address agent, bool value)',
    'function setBaseData(string _baseData)',
    'function masterOf(address provider) view returns (address)',
    'function isProvider(address account) view returns (bool)',
  ],
  vault: [
    'function deposit(address account) payable',
    'function withdraw(uint256 amount)',
    'function lock(uint256 amount)',
    'function unbond(uint256 amount)',
    'function claim()',
    'function balanceOf(address account) view returns (uint256)',
    'function lockupOf(address account) view returns (uint256)',
    'function frozenPayment(address account) view returns (uint256)',
    'function totalEarningsOf(address account) view returns (uint256)',
    'function MIN_LOCKUP_PER_SOURCE() view returns (uint256)',
  ],
  source: [
    'function getStatus() view returns (uint8)',
    `function getSourceParams() view returns (${SOURCE_PARAMS})`,
    'function getRegistrantId(address provider) view returns (uint256)',
    'function getTaskCount() view returns (uint256)',
  ],
  task: [
    'function getStatus() view returns (uint8)',
    'function getSource() view returns (address)',
    'function taskParams() view returns (address source, string config, uint256 expiryTime, uint256 payment)',
    'function policyId() view returns (uint256)',
    'function responseOf(address provider) view returns (address)',
    'function attempterId(address provider) view returns (uint256)',
    'function winningProvider() view returns (address)',
  ],
  response: [
    'function getStatus() view returns (uint8)',
    'function responseParams() view returns (address task, address provider, string data, uint256 payment)',
  ],
  programRegistry: [
    'function register(uint8 class, bytes32 graphRoot, bytes32 weightsRoot, bytes32 tokenizerHash, bytes32 decodeSpecHash, bytes32 opset, string meta) returns (bytes32 programId)',
    'function program(bytes32 programId) view returns ((uint8 class, bytes32 graphRoot, bytes32 weightsRoot, bytes32 tokenizerHash, bytes32 decodeSpecHash, bytes32 opset, address registrant, uint64 registeredAt))',
    'function exists(bytes32 programId) view returns (bool)',
    'event ProgramRegistered(bytes32 indexed programId, address indexed registrant, uint8 class, bytes32 graphRoot, bytes32 weightsRoot, string meta)',
  ],
  policyRegistry: [
    `function setPolicy(address source, (${POLICY_FIELDS}) policy) returns (uint256 policyId)`,
    'function clearPolicy(address source)',
    'function policyIdOf(address source) view returns (uint256)',
    `function policyOf(address source) view returns (uint256 policyId, (${POLICY_FIELDS}) current)`,
    `event PolicySet(address indexed source, uint256 indexed policyId, bytes32 indexed programId, (${POLICY_FIELDS}) policy)`,
  ],
  proofManager: [
    'function accept(address task, address provider)',
    'function commit(address task, address provider, bytes32 sealedDigest)',
    'function reveal(address task, address provider, bytes32 outRoot, bytes32 traceRoot, bytes32 blobId, string url, bytes32 salt)',
    'function draw(address task)',
    'function heartbeat(address task, address provider)',
    'function expire(address task)',
    'function reassign(address task, address provider)',
    'function challenge(address task)',
    'function finalize(address task)',
    'function finalizeWithLink(address task, bytes32 blobId, string url)',
    'function publishResponse(address task, address provider) returns (address response)',
    'function taskState(address task) view returns ((uint256 policyId, uint8 phase, uint64 deadline, uint8 seats, uint8 committed, uint8 revealed, uint8 reassigned, bool audited, bool challenged, uint96 bond, bytes32 result, uint8 retried))',
    'function seatsOf(address task) view returns ((address provider, uint8 state, uint64 lastSeen, bytes32 digest, bytes32 blobId)[])',
    `function policyOfTask(address task) view returns ((${POLICY_FIELDS}))`,
    'function bondOf(address task) view returns (uint256)',
    'function seatPayOf(address task) view returns (uint256)',
    'function due(address task) view returns (bool isDue, string action)',
    'event Accepted(address indexed task, address indexed provider, uint256 seat, uint256 bond)',
    'event Assigned(address indexed task, uint256 seats, uint256 commitDeadline)',
    'event Committed(address indexed task, address indexed provider, bytes32 sealedDigest)',
    'event RevealOpened(address indexed task, uint256 seats, uint256 revealDeadline)',
    'event Revealed(address indexed task, address indexed provider, bytes32 outRoot, bytes32 traceRoot, bytes32 blobId, string url)',
    'event RevealClosed(address indexed task, uint256 drawBlock)',
    'event Drawn(address indexed task, bool audited, bytes32 seed)',
    'event WindowOpened(address indexed task, bytes32 result, uint256 windowEnd)',
    'event SeatVacated(address indexed task, address indexed provider, uint256 penalty)',
    'event Reopened(address indexed task, uint256 freeSeats, uint256 round)',
    'event SeatSettled(address indexed task, address indexed provider, uint8 outcome, uint256 paid, uint256 slashed)',
    'event Finalized(address indexed task, address indexed winningProvider, bytes32 result, uint256 paid, uint256 refunded)',
    'event Failed(address indexed task, uint256 refunded)',
    'event Retried(address indexed task, uint256 retried, uint256 spent)',
    'event SegmentPaid(address indexed task, address indexed provider, uint256 steps, uint256 paid)',
    'error NotPolicyTask(address task)',
    'error WrongPhase(address task, uint8 phase)',
    'error NotActor(address provider, address caller)',
    'error NoSeat(address task, address provider)',
    'error AlreadySeated(address task, address provider)',
    'error AlreadyCommitted(address task, address provider)',
    'error SealMissing()',
    'error SealMismatch(address task, address provider)',
    'error TooEarly(uint256 blockNumber, uint256 allowedFrom)',
    'error TooLate(uint256 blockNumber, uint256 deadline)',
    'error NothingToDo(address task)',
    'error SameMaster(address task, address master)',
    'error ChallengeClosed(address task)',
  ],
  auditManager: [
    'function enrol(uint256 stake)',
    'function resign()',
    'function commitAudit(address task, bytes32 sealedVerdict)',
    'function revealAudit(address task, bytes32 verdict, bytes32 report, bytes32 salt)',
    'function resolve(address task)',
    'function minStake() view returns (uint256)',
    'function isAuditor(address account) view returns (bool)',
    'function isDrawn(address task, address auditor) view returns (bool)',
    'function auditOf(address task) view returns ((uint8 round, bool open, uint8 drawn, uint8 committed, uint8 revealed, uint64 commitDeadline, uint64 revealDeadline, bytes32 seed))',
    'function votesOf(address task) view returns ((address auditor, uint8 round, bool committed, bool revealed, bytes32 verdict, bytes32 report)[])',
    'event AuditDrawn(address indexed task, address indexed auditor, uint256 round, uint256 commitDeadline)',
    'event AuditCommitted(address indexed task, address indexed auditor, bytes32 sealedVerdict)',
    'event AuditRevealOpened(address indexed task, uint256 round, uint256 revealDeadline)',
    'event AuditRevealed(address indexed task, address indexed auditor, bytes32 verdict, bytes32 report)',
    'event AuditResolved(address indexed task, uint256 round, bool decided, bytes32 verdict)',
    'error AuditorStakeTooLow(uint256 stake, uint256 minimum)',
    'error AlreadyEnrolled(address auditor)',
    'error NotEnrolled(address auditor)',
    'error AuditsOpen(address auditor, uint256 count)',
    'error NotDrawn(address task, address auditor)',
    'error AuditPhase(address task)',
    'error AuditSealMismatch(address task, address auditor)',
  ],
  dataRegistry: ['function setGateway(string gateway)', 'function gatewayOf(address provider) view returns (string)'],
  routing: [
    'function eligibility(address task, address provider) view returns (bool eligible, string reason)',
    'function scoreOf(address task, address provider) view returns (uint256)',
  ],
  stakeRouter: [
    'function freeStakeOf(address account) view returns (uint256)',
    'event Slashed(address indexed account, address indexed task, uint256 total, uint256 toFinders, uint256 toClient, uint256 burned, uint256 toPool)',
  ],
  reputation: [
    'function scoreOf(address provider, uint8 class) view returns (uint256)',
    'function isFrozen(address provider, uint8 class) view returns (bool)',
  ],
} as const

export type ContractName = keyof typeof FRAGMENTS

export const INTERFACES = Object.fromEntries(
  Object.entries(FRAGMENTS).map(([name, lines]) => [name, new Interface([...lines])]),
) as Readonly<Record<ContractName, Interface>>

/** Every custom error that a call may revert with, whichever contract throws it. */
export const ERROR_INTERFACE = new Interface(
  Object.values(FRAGMENTS)
    .flat()
    .filter(line => line.startsWith('error ')),
)

/** Task status of the market, by the number on the wire. */
export const TASK_STATUSES = ['NEW', 'ATTEMPTED', 'RESPONDED', 'CANCELED', 'EXPIRED', 'FINALIZED'] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]

/** Phase of a task under a policy, by the number on the wire. */
export const PHASES = ['Open', 'Assigned', 'Revealing', 'Drawing', 'Auditing', 'Window', 'Final', 'Failed'] as const
export type Phase = (typeof PHASES)[number]

export const SEAT_STATES = ['Accepted', 'Committed', 'Revealed', 'Vacated', 'Paid', 'Slashed', 'Released'] as const
export type SeatState = (typeof SEAT_STATES)[number]

/** Bits of `imageEnvironments` and `preferredEnvironment`. */
export const ENVIRONMENTS = { CPU: 1, NVIDIA: 2, AMD: 4 } as const
export type Environment = keyof typeof ENVIRONMENTS
