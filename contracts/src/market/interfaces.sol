// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {DeliveryMethod, ResponseParams, ResponseStatus, SourceParams, SourceStatus, TaskStatus} from "./MarketTypes.sol";

/// @dev Manager, as the market's contracts use it. Users see the contracts' own ABIs; here is what they call on each
/// other.
interface IRoles {
    /// @notice True when `account` holds `role` (ids: Roles.sol).
    function hasRole(bytes32 role, address account) external view returns (bool);

    /// @notice Gives `account` a role. Holders of the role's admin role only (PROVIDER: Terminal; CONTROLLER and JUDGE:
    /// nobody since the genesis); else AccessControlUnauthorizedAccount.
    function grantRole(bytes32 role, address account) external;

    /// @notice Takes a role back. Callers as for `grantRole`.
    function revokeRole(bytes32 role, address account) external;
}

/// @dev A source: one offer of work by one client. Functions that write are for Nexus only (else
/// OwnableUnauthorizedAccount).
interface ISource {
    /// @notice Writes the terms of a new source. Nexus only, once for each source; a second call reverts with
    /// "Initialized".
    /// @param params all fields, `lastUpdateTime` included
    function initialize(SourceParams calldata params) external;

    /// @notice Account that owns the source; it never changes.
    function client() external view returns (address);

    /// @notice ACTIVE, or INACTIVE for ever: no new tasks and no new registrations.
    function status() external view returns (SourceStatus);

    /// @notice What publishing a task needs, in one call.
    /// @return client owner of the source
    /// @return status tasks need ACTIVE
    /// @return method how tasks published from now on are answered
    /// @return minPayment wei; a task pays at least so much
    /// @return maxExpiryDuration seconds; a task's expiry is at most so far ahead
    function terms()
        external
        view
        returns (
            address client,
            SourceStatus status,
            DeliveryMethod method,
            uint256 minPayment,
            uint256 maxExpiryDuration
        );

    /// @notice What registering needs, in one call.
    /// @return status registering needs ACTIVE
    /// @return environments bits that the source runs on: CPU 1, NVIDIA 2, AMD 4
    /// @return minLockup wei of Vault lockup that a registrant has to have
    function admission() external view returns (SourceStatus status, uint8 environments, uint256 minLockup);

    /// @notice Position of `provider` in the list of registrants plus one; zero: not registered. Changes when another
    /// one leaves.
    function registrantId(address provider) external view returns (uint256);

    /// @notice Length of the list that `getRegistrants` reads.
    function getRegistrantCount() external view returns (uint256);

    /// @notice A page of the registered providers; the place of one that left is taken by the last one.
    /// @param lower first position, from zero
    /// @param upper last position, itself in the page; Panic(0x32) at or beyond the end, an empty page when below
    /// `lower`
    function getRegistrants(uint256 lower, uint256 upper) external view returns (address[] memory);

    /// @notice Puts `provider` on the list. Nexus only, which checked stake and caller; "AlreadyRegistered" for one
    /// that is on it.
    /// @param environment the one bit that it runs on
    /// @return the new registrant's id
    function register(address provider, uint8 environment) external returns (uint256);

    /// @notice Takes `provider` off the list. Nexus only; "NotRegistered" when it is not on it.
    function unregister(address provider) external;

    /// @notice Replaces the terms; tasks that exist keep theirs. Nexus only.
    function setSourceParams(SourceParams calldata params) external;

    /// @notice Inactivates the source; nothing makes it active again ("SourceInactive"). By Nexus, or by the client,
    /// whose call goes through Nexus; "NotOwner" for others.
    function setStatus(SourceStatus status) external;

    /// @notice Appends `task` to the list of tasks. Nexus only.
    function publishTask(address task) external;
}

/// @dev A task and its attempts. Functions that write are for Nexus only (else OwnableUnauthorizedAccount), which
/// checks what they don't.
interface ITask {
    /// @notice Where the task is in its life: NEW, ATTEMPTED, RESPONDED, then for ever CANCELED, EXPIRED or FINALIZED.
    function status() external view returns (TaskStatus);

    /// @notice Who paid, may cancel and confirm, and gets what is refunded.
    function client() external view returns (address);

    /// @notice PolicyRegistry's id of the policy that the task is verified under; zero: the plain lifecycle.
    function policyId() external view returns (uint256);

    /// @notice Source that the task was published under.
    function getSource() external view returns (address);

    /// @notice Wei that were escrowed when the task was published.
    function getPayment() external view returns (uint256);

    /// @notice Unix second after which the task can be neither attempted nor answered.
    function getExpiryTime() external view returns (uint256);

    /// @notice The fields above in one call.
    /// @return source source that the task was published under
    /// @return client who paid
    /// @return policyId zero: plain lifecycle
    /// @return expiryTime Unix second
    /// @return payment wei
    /// @return method how a plain task is answered, as the source said when it was published
    /// @return status where the task is in its life
    function facts()
        external
        view
        returns (
            address source,
            address client,
            uint256 policyId,
            uint256 expiryTime,
            uint256 payment,
            DeliveryMethod method,
            TaskStatus status
        );

    /// @notice Position of `provider` among the attempters plus one; zero: it did not attempt.
    function attempterId(address provider) external view returns (uint256);

    /// @notice Response of `provider` to this task; zero: none.
    function responseOf(address provider) external view returns (address);

    /// @notice MANUAL tasks: the answer that is paid when the client stays silent. Once FINALIZED: the winner's. Zero:
    /// none.
    function firstResponse() external view returns (address);

    /// @notice True when a result with this link was submitted before.
    /// @param dataHash keccak256 of the link's bytes
    function isAlreadySubmitted(bytes32 dataHash) external view returns (bool);

    /// @notice Notes an attempt of `provider`; NEW becomes ATTEMPTED. Nexus only; "AlreadyAttempted" for the second one
    /// of a provider.
    function attempt(address provider) external;

    /// @notice Binds `response` to its provider; ATTEMPTED becomes RESPONDED. Nexus only; "NotAttempted" without an
    /// attempt, "AlreadyResponded" for a provider's second answer.
    function submitResponse(address response, address provider) external;

    /// @notice Marks a link as used. Nexus only; "AlreadySubmitted" when it was.
    /// @param dataHash keccak256 of the link's bytes
    function noteSubmission(bytes32 dataHash) external;

    /// @notice Remembers who answered a MANUAL task first. Nexus only.
    function noteFirstAnswer(address provider) external;

    /// @notice Ends the task as FINALIZED with `provider` as the winner. Nexus only.
    function finalizeWith(address provider) external;

    /// @notice Writes the status as it is. Nexus only, which allows what the lifecycle does.
    function setStatus(TaskStatus status) external;
}

/// @dev One provider's answer to a task. Functions that write are for Nexus only (else OwnableUnauthorizedAccount).
interface IResponse {
    /// @notice SUBMITTED, or CONFIRMED for ever.
    function status() external view returns (ResponseStatus);

    /// @notice Task, provider, link of the result, and wei asked for (at most 2^96 − 1; more was cut to it).
    function getResponseParams() external view returns (ResponseParams memory);

    /// @notice The same without the link. What an address says of itself: genuine only when `ITask.responseOf` names
    /// it.
    /// @return task task that it answers
    /// @return provider who answers
    /// @return payment wei asked for
    function taskAndProvider() external view returns (address task, address provider, uint256 payment);

    /// @notice SUBMITTED becomes CONFIRMED. Nexus only; "AlreadyConfirmed" the second time.
    function confirm() external;

    /// @notice Accepts the present status and changes nothing. Nexus only; another one is refused with
    /// "AlreadyConfirmed" or, before the confirmation, "BadTransition".
    function setStatus(ResponseStatus status) external;
}

/// @dev Who belongs to whom.
interface ITerminal {
    /// @notice True while `account` is paired with a master.
    function isProvider(address account) external view returns (bool);

    /// @notice Master that `provider` is paired with; zero: not paired.
    function masterOf(address provider) external view returns (address);

    /// @notice True when `principal` allowed `agent` with `setAgent`; does not know the default agent.
    function isAgentOf(address principal, address agent) external view returns (bool);

    /// @notice True when `caller` may register, attempt and answer for the paired `provider`: itself, its master, an
    /// agent of the master, or the default agent unless master or provider opted out. False for everybody while it is
    /// not paired.
    function canActFor(address provider, address caller) external view returns (bool);
}

/// @dev What other contracts call on Nexus. CONTROLLER: contracts of the genesis only; others are refused with
/// "NotAuthorized".
interface INexus {
    /// @notice Position of `source` in the list of sources plus one; zero: not a source of this market.
    function sourceId(address source) external view returns (uint256);

    /// @notice Lists a new task at its source and makes the log TaskPublished. CONTROLLER.
    function emitTaskPublished(address task, address source) external;

    /// @notice Moves a task on and makes the log TaskStatusChanged; no coins move. CONTROLLER. Allowed: NEW to
    /// CANCELED; policy tasks to RESPONDED, and from there back to ATTEMPTED for another try; to EXPIRED after the
    /// expiry or, for policy tasks, any time. Else "BadTransition"; "AlreadyFinalized" or "Expired" for a task that
    /// ended, "UnknownTask" for no task.
    function setTaskStatus(address task, TaskStatus status) external;

    /// @notice Repeats a response's present status as a log. CONTROLLER; "UnknownResponse", else the words of
    /// `IResponse.setStatus`.
    function setResponseStatus(address response, ResponseStatus status) external;

    /// @notice A source passes on what its client asked of it. Sources only; "UnknownSource" for others.
    function setStatusAsClient(SourceStatus status) external;

    /// @notice Ends a plain task, or a policy task that nobody accepted, as EXPIRED and refunds its client. Anybody,
    /// after the expiry and without an answer; else "TaskRunning", "PolicyTask", "AlreadyFinalized", "Expired" or
    /// "UnknownTask".
    function expireTask(address task) external;

    /// @notice Confirms a response and finalizes its task; no coins move. CONTROLLER; "UnknownResponse",
    /// "AlreadyConfirmed".
    /// @return task task that ended
    /// @return provider who won
    /// @return payment wei that the response asked for
    function confirmAs(address response) external returns (address task, address provider, uint256 payment);

    /// @notice Records a seat of a policy task as an attempt. CONTROLLER; "PlainTask", "NotEligible" (not registered on
    /// the source, or too little stake), "AlreadyAttempted", "AlreadyFinalized", "Expired" or "UnknownTask".
    /// @param payment wei that a paid seat earns, for the log
    function attemptFor(address task, address provider, uint256 payment) external;

    /// @notice Makes the Response of a paid seat of a policy task; the task's first one is CONFIRMED and finalizes it.
    /// CONTROLLER; "PlainTask", "TextTooLong" (8,192 bytes), "NotAttempted", "AlreadyResponded", "AlreadySubmitted" or
    /// "UnknownTask".
    /// @param data link of the result
    /// @param payment wei that the seat earned
    /// @return response the new Response
    function respondFor(address task, address provider, string calldata data, uint256 payment)
        external
        returns (address response);

    /// @notice Number of sources that `provider` is registered on; each needs `IVault.MIN_LOCKUP_PER_SOURCE` of lockup.
    function registrationsOf(address provider) external view returns (uint256);
}

/// @notice One part of a task's escrow and who gets it.
struct Payout {
    address account;
    uint96 amount;
    bool earned; // counts as earnings of a provider, paid to its master's side and retained
}

/// @dev Every coin of the market, in wei. CONTROLLER and JUDGE are contracts of the genesis; others are refused with
/// "NotAuthorized".
interface IVault {
    /// @notice What waits for the end of a task.
    /// @return client who paid; stays after the money left; zero: no task of this market
    /// @return amount wei
    function escrowOf(address task) external view returns (address client, uint256 amount);

    /// @notice Moves a new task's payment from the client's balance to escrow. CONTROLLER; "InsufficientBalance",
    /// "PaymentTooLarge" (2^96 wei), "AlreadyFrozen".
    function freezePayment(address client, address task, uint256 amount) external;

    /// @notice Gives the whole escrow back to the client's balance. CONTROLLER; "WrongClient".
    function releasePayment(address client, address task) external;

    /// @notice Pays `amount` of the escrow to the provider's side (`payeeOf`) at once and refunds the rest. CONTROLLER;
    /// "WrongClient", "PaymentTooLarge".
    function processPayment(address client, address provider, address task, uint256 amount) external;

    /// @notice Pays a list out of the escrow and refunds the rest to the client. Earned parts are retained and vest
    /// (RETENTION_PERIOD); others are balance at once. CONTROLLER; "PaymentTooLarge" when the list asks for more than
    /// is held.
    /// @return paid wei of the list
    /// @return refunded wei that went back
    function settle(address task, Payout[] calldata payouts) external returns (uint256 paid, uint256 refunded);

    /// @notice The same, but the rest stays frozen for the task's next try. CONTROLLER; "PaymentTooLarge".
    /// @return paid wei of the list
    function payPart(address task, Payout[] calldata payouts) external returns (uint256 paid);

    /// @notice True when the lockup reaches MIN_LOCKUP_PER_SOURCE, or the account is on the whitelist.
    function isEligible(address account) external view returns (bool);

    /// @notice Wei of lockup that each registration of a provider needs.
    function MIN_LOCKUP_PER_SOURCE() external view returns (uint256);

    /// @notice Wei of stake, the reserved part included; what is unbonding is not in it.
    function lockupOf(address account) external view returns (uint256);

    /// @notice Wei of the lockup that secure running work and can't be unbonded.
    function reservedOf(address account) external view returns (uint256);

    /// @notice Wei that the account may withdraw, lock, or freeze for tasks.
    function balanceOf(address account) external view returns (uint256);

    /// @notice Adds the value sent to the balance of `account`. Anybody; "ZeroAccount".
    function deposit(address account) external payable;

    /// @notice Adds the value sent to the lockup of `account`. Anybody; "ZeroAccount".
    function depositLockup(address account) external payable;

    /// @notice Binds `amount` more of the lockup to running work. JUDGE; "InsufficientLockup" when less is free.
    function reserve(address account, uint256 amount) external;

    /// @notice Frees a reserved part. JUDGE; Panic(0x11) for more than is reserved.
    function release(address account, uint256 amount) external;

    /// @notice Takes free lockup away as a sanction; reserved parts are released first. JUDGE; "InsufficientLockup".
    function sanction(address account, uint256 amount) external;

    /// @notice Adds the earnings that have not vested to the sanction; what has vested is paid first. JUDGE.
    /// @return amount wei that were forfeited
    function forfeitRetained(address account) external returns (uint256 amount);

    /// @notice Makes the whole sanction of `account` balance of the caller, which distributes it. JUDGE.
    function withdrawSanctionOf(address account) external;

    /// @notice Moves own balance to another account's. Anybody; "InsufficientBalance", "ZeroAccount".
    function transfer(address to, uint256 amount) external;

    /// @notice Destroys own balance: the coins leave for the burn address. Anybody; "InsufficientBalance".
    function burn(uint256 amount) external;
}

/// @dev PolicyRegistry, as the Controller asks it.
interface IPolicyIds {
    /// @notice Policy that tasks published under `source` now are verified by; zero: none.
    function policyIdOf(address source) external view returns (uint256);
}
