// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {INexus, ITask, ITerminal, IVault} from "../market/interfaces.sol";
import {DeliveryMethod, TaskStatus} from "../market/MarketTypes.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IPolicyRegistry, Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProgramRegistry, ProgramClass} from "./interfaces/IProgramRegistry.sol";
import {IProofResolution} from "./interfaces/IProofResolution.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {IReputationLayer, IStakeRouterLayer} from "./ILayer.sol";

/// @dev State of the ProofManager and what its parts share. One `Work` for each policy task, one `Place` for each seat.
abstract contract ProofBase is IProofResolution {
    uint256 internal constant BPS = 10_000;
    /// @dev A missed deadline costs at most this part of the bond and of the seat's pay: crashes are tolerated.
    uint256 internal constant MISS_BOND_BPS = 1_000;
    uint256 internal constant MISS_PAY_BPS = 5_000;
    /// @dev Who committed and does not reveal may have seen that others disagree; staying silent must not be cheap.
    uint256 internal constant WITHHOLD_BOND_BPS = 5_000;
    /// @dev Blocks between the last reveal and the block whose hash decides about the audit.
    uint256 internal constant DRAW_DELAY = 2;
    /// @dev Blocks after the window in which a winner's own link has to be passed.
    uint256 internal constant LINK_BLOCKS = 300;
    uint256 private constant CHALLENGE_BOND_MIN = 0.01 ether;
    bytes32 internal constant REASON_SEAT = "seat";
    bytes32 internal constant REASON_CHALLENGE = "challenge";

    struct Work {
        // what happens, one slot
        Phase phase;
        bool opened;
        bool audited;
        bool challenged;
        bool decided; // an audit decided; `result` or `guilty` come from it
        uint8 active;
        uint8 committed;
        uint8 revealed;
        uint8 reassigned;
        uint16 guilty; // bit i: seat i was found or proven guilty
        uint64 deadline; // block
        uint96 bond;
        uint8 retried;
        // what the policy says, one slot
        uint64 policyId;
        uint32 commitBlocks;
        uint32 revealBlocks;
        uint8 redundancy;
        uint8 quorum;
        ProgramClass class;
        uint96 spent; // wei of the payment that audits of earlier tries cost
        // rarely used
        bytes32 result;
        address finder; // challenger, or prover of a fault
        uint96 challengeBond; // zero: `finder` proved a fault
    }

    struct Place {
        address provider;
        SeatState state;
        uint40 lastSeen;
        uint40 acceptedAt;
        bool linked; // `blobId` is the hash of the blob's id and a link of the provider's own
        bytes32 digest;
        bytes32 blobId;
    }

    struct Plant {
        bytes32 commitment;
        bytes32 digest; // zero until it was opened
    }

    struct Facts {
        address source;
        address client;
        uint256 policyId;
        uint256 expiryTime;
        uint256 payment;
        TaskStatus status;
    }

    INexus public immutable nexus;
    IVault public immutable vault;
    ITerminal public immutable terminal;

    mapping(address task => Work) internal _work;
    mapping(address task => mapping(uint256 seat => Place)) internal _places;
    /// @dev Position of a provider's place plus one. A provider gets at most one seat in a task's life (Task.attempt).
    mapping(address task => mapping(address provider => uint256)) internal _seatIds;
    mapping(address task => mapping(address master => bool)) public isBarred;
    mapping(address task => Plant) internal _plants;
    mapping(bytes32 commitment => uint256 blockNumber) internal _announced;
    mapping(address task => mapping(bytes32 digest => bool)) internal _faulty;

    constructor(address nexus_, address vault_, address terminal_) {
        nexus = INexus(nexus_);
        vault = IVault(vault_);
        terminal = ITerminal(terminal_);
    }

    /// @dev Facts of a genuine policy task; reverts for everything else.
    function _facts(address task) internal view returns (Facts memory facts) {
        (address client,) = vault.escrowOf(task);
        if (client == address(0)) revert NotPolicyTask(task);
        DeliveryMethod method;
        (facts.source, facts.client, facts.policyId, facts.expiryTime, facts.payment, method, facts.status) =
            ITask(task).facts();
        if (facts.policyId == 0) revert NotPolicyTask(task);
    }

    function _policy(uint256 policyId) internal view returns (Policy memory) {
        return IPolicyRegistry(Predeploys.POLICY_REGISTRY).policy(policyId);
    }

    function _classOf(bytes32 programId) internal view returns (ProgramClass) {
        if (programId == 0) return ProgramClass.OPAQUE;
        return IProgramRegistry(Predeploys.PROGRAM_REGISTRY).classOf(programId);
    }

    /// @dev Classes whose results are judged by a committee and not by equal digests.
    function _judged(ProgramClass class) internal pure returns (bool) {
        return class == ProgramClass.TOLERANT_FP || class == ProgramClass.OPAQUE;
    }

    function _auditFee(Policy memory p, uint256 payment) internal pure returns (uint256) {
        return (payment * p.auditFeeBps) / BPS;
    }

    function _seatPay(Policy memory p, uint256 payment) internal pure returns (uint256) {
        return (payment - _auditFee(p, payment)) / p.redundancy;
    }

    function _bond(Policy memory p, uint256 payment) internal pure returns (uint256 bond) {
        bond = (_seatPay(p, payment) * p.bondBps) / BPS;
        if (bond < p.bondMin) bond = p.bondMin;
        if (bond > type(uint96).max) bond = type(uint96).max;
    }

    /// @dev A provider may always finish what it accepted, even when its pairing ended meanwhile.
    function _requireActor(address provider) internal view {
        if (msg.sender != provider && !terminal.canActFor(provider, msg.sender)) revert NotActor(provider, msg.sender);
    }

    function _requirePhase(address task, Work storage work, Phase phase) internal view {
        if (!work.opened || work.phase != phase) revert WrongPhase(task, work.phase);
    }

    /// @dev A taken seat that was not given up.
    function _isHeld(Place storage place) internal view returns (bool) {
        return place.provider != address(0) && place.state != SeatState.Vacated;
    }

    function _find(address task, address provider) internal view returns (Place storage place) {
        uint256 id = _seatIds[task][provider];
        if (id == 0) revert NoSeat(task, provider);
        place = _places[task][id - 1];
        if (place.provider != provider || place.state == SeatState.Vacated) revert NoSeat(task, provider);
    }

    /// @dev What is left of the payment for this try.
    function _budget(Work storage work, uint256 payment) internal view returns (uint256) {
        return payment - work.spent;
    }

    function _startCommits(address task, Work storage work) internal {
        if (work.committed == work.active) {
            _startReveals(task, work);
            return;
        }
        work.phase = Phase.Assigned;
        work.deadline = uint64(block.number + work.commitBlocks);
        emit Assigned(task, work.active, work.deadline);
    }

    function _startReveals(address task, Work storage work) internal {
        work.phase = Phase.Revealing;
        work.deadline = uint64(block.number + work.revealBlocks);
        emit RevealOpened(task, work.active, work.deadline);
    }

    function _closeReveals(address task, Work storage work) internal {
        work.phase = Phase.Drawing;
        work.deadline = uint64(block.number + DRAW_DELAY);
        emit RevealClosed(task, work.deadline);
    }

    /// @dev The digest with a quorum, or zero. Judged classes: the first innocent reveal when enough revealed.
    function _tally(address task, Work storage work) internal view returns (bytes32) {
        bool judged = _judged(work.class);
        bytes32[] memory digests = new bytes32[](work.redundancy);
        uint256 count = 0;
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (place.state != SeatState.Revealed || (work.guilty >> i) & 1 == 1) continue;
            digests[count++] = place.digest;
        }
        if (count < work.quorum) return 0;
        if (judged) return digests[0];
        for (uint256 i = 0; i < count; i++) {
            uint256 equal = 0;
            for (uint256 j = 0; j < count; j++) if (digests[j] == digests[i]) equal++;
            if (equal >= work.quorum) return digests[i];
        }
        return 0;
    }

    /// @dev Gives a seat up; `missed` says that the provider is to blame, and its bond is cut by `penalty`.
    function _vacate(
        address task,
        Work storage work,
        Place storage place,
        address client,
        bool missed,
        uint256 penalty
    ) internal {
        address provider = place.provider;
        if (place.state == SeatState.Committed) work.committed -= 1;
        place.state = SeatState.Vacated;
        work.active -= 1;
        uint256 bond = work.bond;
        if (bond > penalty) _router().release(provider, bond - penalty, REASON_SEAT);
        if (penalty > 0) _router().slash(provider, penalty, false, task, client, new address[](0), 0);
        if (missed) _record(provider, work.class, IReputation.Outcome.Missed, 0);
        emit SeatVacated(task, provider, penalty);
    }

    function _missPenalty(Work storage work, uint256 payment) internal view returns (uint256) {
        uint256 byBond = (uint256(work.bond) * MISS_BOND_BPS) / BPS;
        uint256 byPay = (_seatPay(_policy(work.policyId), _budget(work, payment)) * MISS_PAY_BPS) / BPS;
        return byBond < byPay ? byBond : byPay;
    }

    /// @dev Ends a try without a result: held bonds are released; the task starts again or the client is refunded.
    function _fail(address task, Work storage work, Facts memory facts) internal {
        work.phase = Phase.Failed;
        work.deadline = 0;
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (!_isHeld(place)) continue;
            place.state = SeatState.Released;
            if (work.bond > 0) _router().release(place.provider, work.bond, REASON_SEAT);
            emit SeatSettled(task, place.provider, SeatState.Released, 0, 0);
        }
        Policy memory p = _policy(work.policyId);
        if (_mayRetry(work, p, facts)) {
            _retry(task, work, p, facts);
            return;
        }
        (, uint256 refunded) = vault.escrowOf(task);
        nexus.setTaskStatus(task, TaskStatus.EXPIRED);
        vault.releasePayment(facts.client, task);
        emit Failed(task, refunded);
    }

    function _mayRetry(Work storage work, Policy memory p, Facts memory facts) internal view returns (bool) {
        return work.retried < p.retryMax && block.timestamp <= facts.expiryTime;
    }

    /// @dev All seats are free again. Who had one cannot take another: its attempt is on record.
    function _retry(address task, Work storage work, Policy memory p, Facts memory facts) internal {
        for (uint256 i = 0; i < work.redundancy; i++) delete _places[task][i];
        delete _plants[task];
        work.phase = Phase.Open;
        work.audited = false;
        work.challenged = false;
        work.decided = false;
        work.active = 0;
        work.committed = 0;
        work.revealed = 0;
        work.reassigned = 0;
        work.guilty = 0;
        work.deadline = 0;
        work.retried += 1;
        work.result = 0;
        work.finder = address(0);
        work.bond = uint96(_bond(p, _budget(work, facts.payment)));
        emit Retried(task, work.retried, work.spent);
        if (facts.status == TaskStatus.RESPONDED) nexus.setTaskStatus(task, TaskStatus.ATTEMPTED);
    }

    function _record(address provider, ProgramClass class, IReputation.Outcome outcome, uint256 latency) internal {
        IReputationLayer(Predeploys.REPUTATION).record(provider, class, outcome, latency);
    }

    function _router() internal pure returns (IStakeRouterLayer) {
        return IStakeRouterLayer(Predeploys.STAKE_ROUTER);
    }

    function _linkHash(bytes32 blobId, string calldata url) internal pure returns (bytes32) {
        return keccak256(abi.encode(blobId, url));
    }

    /// @inheritdoc IProofResolution
    function challengeBond(address task) public view returns (uint256 bond) {
        bond = _facts(task).payment / 5;
        if (bond < CHALLENGE_BOND_MIN) bond = CHALLENGE_BOND_MIN;
    }

    /// @inheritdoc IProofResolution
    function digestOf(bytes32 outRoot, bytes32 traceRoot) public pure returns (bytes32) {
        return keccak256(abi.encode(outRoot, traceRoot));
    }

    /// @inheritdoc IProofResolution
    function sealOf(
        address task,
        address provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        bytes32 salt
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(task, provider, outRoot, traceRoot, blobId, salt));
    }
}
