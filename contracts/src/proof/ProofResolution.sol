// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Payout} from "../market/interfaces.sol";
import {TaskStatus} from "../market/MarketTypes.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {AuditOrder, IAuditManagerLayer, IDataRegistryLayer, IPriceOracleLayer} from "./ILayer.sol";
import {IFaultVerifier} from "./interfaces/IFaultVerifier.sol";
import {Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProgramRegistry} from "./interfaces/IProgramRegistry.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {ProofBase} from "./ProofBase.sol";
import {Randomness} from "./Randomness.sol";
import {TextStore} from "./TextStore.sol";

/// @dev From the last reveal to the money: draw, audit verdict, challenge, fault proof, settlement.
abstract contract ProofResolution is ProofBase {
    /// @dev A finder's share is at most this multiple of the task's payment.
    uint256 private constant FINDER_CAP = 5;
    /// @dev Auditors that a challenge draws when the policy names none.
    uint8 private constant CHALLENGE_AUDITORS = 3;
    uint256 private constant CHALLENGE_BOND_MIN = 0.01 ether;

    mapping(bytes32 commitment => uint256 blockNumber) private _announced;
    mapping(address task => mapping(bytes32 digest => bool)) private _faulty;

    error OnlyAuditManager();

    // ---------------------------------------------------------------- decide

    /// @inheritdoc IProofManager
    function draw(address task) external {
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Drawing);
        if (block.number <= work.deadline) revert TooEarly(block.number, work.deadline + 1);
        bytes32 blockHash = Randomness.hashOf(work.deadline);
        if (blockHash == 0) {
            // The chosen block is too old to be read: choose a new one, which nobody knows either.
            work.deadline = uint64(block.number + DRAW_DELAY);
            emit RevealClosed(task, _tally(task, work), work.deadline);
            return;
        }
        bytes32 seed = keccak256(abi.encode(blockHash, task));
        Facts memory facts = _facts(task);
        Policy memory p = _policy(work.policyId);
        if (facts.status == TaskStatus.ATTEMPTED) nexus.setTaskStatus(task, TaskStatus.RESPONDED);
        work.result = _tally(task, work);

        bool wanted = work.challenged || work.result == 0
            || uint256(keccak256(abi.encode(seed, "rate"))) % BPS < p.auditRateBps;
        bool drawn = wanted && work.revealed > 0 && _openAudit(task, work, facts, p, seed);
        emit Drawn(task, drawn, seed);
        if (drawn) {
            work.audited = true;
            work.phase = Phase.Auditing;
            work.deadline = 0;
            return;
        }
        if (work.challengeBond > 0) _returnChallenge(work);
        _openWindow(task, work, p.windowBlocks);
    }

    /// @notice AuditManager only.
    function onVerdict(address task, bool decided, bytes32 verdict) external {
        if (msg.sender != Predeploys.AUDIT_MANAGER) revert OnlyAuditManager();
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Auditing);
        if (decided) {
            work.decided = true;
            if (_judged(work.class)) {
                work.guilty |= uint16(uint256(verdict));
                work.result = _firstInnocent(task, work);
            } else {
                work.result = _faulty[task][verdict] ? bytes32(0) : verdict;
            }
        }
        // A window stays open after an audit too, but a short one.
        _openWindow(task, work, _policy(work.policyId).windowBlocks / 4);
    }

    /// @inheritdoc IProofManager
    function challenge(address task) external {
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Window);
        if (work.audited || work.challenged || work.result == 0 || block.number > work.deadline) {
            revert ChallengeClosed(task);
        }
        uint256 bond = challengeBond(task);
        work.challenged = true;
        work.finder = msg.sender;
        work.challengeBond = uint96(bond);
        work.phase = Phase.Drawing;
        work.deadline = uint64(block.number + DRAW_DELAY);
        emit Challenged(task, msg.sender, bond);
        _router().reserve(msg.sender, bond, REASON_CHALLENGE);
    }

    /// @inheritdoc IProofManager
    function announceFault(bytes32 commitment) external {
        if (_announced[commitment] == 0) _announced[commitment] = block.number;
    }

    /// @inheritdoc IProofManager
    function proveFault(address task, address provider, bytes32 outRoot, bytes32 traceRoot, bytes calldata evidence)
        external
    {
        Work storage work = _work[task];
        if (!work.opened || work.phase < Phase.Drawing || work.phase > Phase.Window) {
            revert WrongPhase(task, work.phase);
        }
        bytes32 commitment = keccak256(abi.encode(msg.sender, task, provider, keccak256(evidence)));
        uint256 announcedAt = _announced[commitment];
        if (announcedAt == 0 || announcedAt >= block.number) revert EvidenceNotAnnounced(commitment);

        Place storage place = _find(task, work, provider);
        bytes32 digest = digestOf(outRoot, traceRoot);
        if (place.state != SeatState.Revealed || place.digest != digest) revert EvidenceRejected(task, provider);
        if (_faulty[task][digest]) revert NothingToDo(task);
        bytes32 programId = _policy(work.policyId).programId;
        address verifier = IProgramRegistry(Predeploys.PROGRAM_REGISTRY).faultVerifierOf(work.class);
        if (verifier == address(0) || programId == 0) revert VerifierMissing(programId);
        if (!IFaultVerifier(verifier).isFault(
                IFaultVerifier.Statement(programId, task, provider, outRoot, traceRoot), evidence
            )) revert EvidenceRejected(task, provider);

        _faulty[task][digest] = true;
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage other = _places[task][i];
            if (other.state == SeatState.Revealed && other.digest == digest) work.guilty |= uint16(1 << i);
        }
        // The first proof of a fault earns the finder's share; a challenger before it was right and gets its bond back.
        if (work.challengeBond > 0) _returnChallenge(work);
        if (work.finder == address(0)) work.finder = msg.sender;
        if (_judged(work.class)) work.result = _firstInnocent(task, work);
        else if (work.result == digest) work.result = 0;
        emit FaultProven(task, provider, msg.sender);
    }

    // ---------------------------------------------------------------- settle

    /// @inheritdoc IProofManager
    function finalize(address task) external {
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Window);
        if (block.number <= work.deadline) revert TooEarly(block.number, work.deadline + 1);
        work.phase = Phase.Final;
        work.deadline = 0;

        Facts memory facts = _facts(task);
        Policy memory p = _policy(work.policyId);
        (address[] memory auditors, uint256 feeEach) = _settleAudit(task, work, p, facts.payment);
        (address[] memory paid, bool anyGuilty) = _settleSeats(task, work, facts, auditors);
        if (work.challengeBond > 0) _settleChallenge(task, work, paid, anyGuilty);

        if (paid.length == 0) {
            work.phase = Phase.Failed;
            (, uint256 back) = vault.escrowOf(task);
            nexus.setTaskStatus(task, TaskStatus.EXPIRED);
            (, back) = vault.settle(task, _payouts(paid, 0, auditors, feeEach));
            emit Failed(task, back);
            return;
        }
        uint256 seatPay = _seatPay(p, facts.payment);
        (uint256 total, uint256 refunded) = vault.settle(task, _payouts(paid, seatPay, auditors, feeEach));
        IPriceOracleLayer(Predeploys.PRICE_ORACLE).noteSettled(work.class, paid.length);
        nexus.respondFor(task, paid[0], _url(_find(task, work, paid[0])), seatPay);
        emit Finalized(task, paid[0], work.result, total, refunded);
    }

    /// @inheritdoc IProofManager
    function publishResponse(address task, address provider) external returns (address response) {
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Final);
        Place storage place = _find(task, work, provider);
        if (place.state != SeatState.Paid) revert NoSeat(task, provider);
        Facts memory facts = _facts(task);
        return nexus.respondFor(task, provider, _url(place), _seatPay(_policy(work.policyId), facts.payment));
    }

    /// @inheritdoc IProofManager
    function challengeBond(address task) public view returns (uint256 bond) {
        bond = _facts(task).payment / 5;
        if (bond < CHALLENGE_BOND_MIN) bond = CHALLENGE_BOND_MIN;
    }

    // ---------------------------------------------------------------- inside

    function _openWindow(address task, Work storage work, uint256 blocks) private {
        work.phase = Phase.Window;
        // Without a result there is nothing to challenge.
        work.deadline = uint64(block.number + (work.result == 0 ? 0 : blocks));
        emit WindowOpened(task, work.result, work.deadline);
    }

    function _openAudit(address task, Work storage work, Facts memory facts, Policy memory p, bytes32 seed)
        private
        returns (bool)
    {
        uint8 auditors = p.auditors;
        uint8 quorum = p.auditQuorum;
        if (work.challenged) {
            if (p.jury > auditors) auditors = p.jury;
            if (auditors == 0) auditors = CHALLENGE_AUDITORS;
            quorum = auditors / 2 + 1;
        }
        if (auditors == 0) return false;
        AuditOrder memory order = AuditOrder({
            task: task,
            client: facts.client,
            seed: seed,
            expected: _judged(work.class) ? bytes32(0) : work.result,
            split: work.result == 0,
            auditors: auditors,
            quorum: quorum,
            jury: work.challenged ? 0 : p.jury,
            auditBlocks: p.auditBlocks == 0 ? work.commitBlocks : p.auditBlocks,
            providers: _seated(task, work)
        });
        return IAuditManagerLayer(Predeploys.AUDIT_MANAGER).open(order) > 0;
    }

    function _seated(address task, Work storage work) private view returns (address[] memory providers) {
        providers = new address[](work.active);
        uint256 count = 0;
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (_isHeld(place)) providers[count++] = place.provider;
        }
    }

    function _firstInnocent(address task, Work storage work) private view returns (bytes32) {
        for (uint256 i = 0; i < work.redundancy; i++) {
            if (_places[task][i].state == SeatState.Revealed && (work.guilty >> i) & 1 == 0) {
                return _places[task][i].digest;
            }
        }
        return 0;
    }

    function _settleAudit(address task, Work storage work, Policy memory p, uint256 payment)
        private
        returns (address[] memory auditors, uint256 each)
    {
        if (!work.audited) return (new address[](0), 0);
        return IAuditManagerLayer(Predeploys.AUDIT_MANAGER).settle(task, _auditFee(p, payment));
    }

    function _settleSeats(address task, Work storage work, Facts memory facts, address[] memory auditors)
        private
        returns (address[] memory paid, bool anyGuilty)
    {
        address[] memory finders = auditors;
        if (work.finder != address(0)) {
            finders = new address[](1);
            finders[0] = work.finder;
        }
        paid = new address[](work.active);
        uint256 count = 0;
        uint256 seatPay = _seatPay(_policy(work.policyId), facts.payment);
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (place.state != SeatState.Revealed) continue;
            SeatState outcome = _outcome(work, place, i);
            place.state = outcome;
            uint256 slashed = 0;
            if (outcome == SeatState.Slashed) {
                anyGuilty = true;
                slashed = _router().slash(
                    place.provider, work.bond, true, task, facts.client, finders, facts.payment * FINDER_CAP
                );
                _record(place.provider, work.class, IReputation.Outcome.Guilty, 0);
            } else if (work.bond > 0) {
                _router().release(place.provider, work.bond, REASON_SEAT);
            }
            if (outcome == SeatState.Paid) {
                paid[count++] = place.provider;
                _record(place.provider, work.class, IReputation.Outcome.Paid, place.lastSeen - place.acceptedAt);
            }
            emit SeatSettled(task, place.provider, outcome, outcome == SeatState.Paid ? seatPay : 0, slashed);
        }
        assembly ("memory-safe") {
            mstore(paid, count)
        }
    }

    /// @dev Proven faults are guilty in any case. Without a result nobody else is; with one, equal digests are paid.
    function _outcome(Work storage work, Place storage place, uint256 seat) private view returns (SeatState) {
        if ((work.guilty >> seat) & 1 == 1) return SeatState.Slashed;
        if (work.result == 0) return SeatState.Released;
        if (_judged(work.class) || place.digest == work.result) return SeatState.Paid;
        return SeatState.Slashed;
    }

    function _settleChallenge(address task, Work storage work, address[] memory paid, bool anyGuilty) private {
        uint256 bond = work.challengeBond;
        address challenger = work.finder;
        work.challengeBond = 0;
        if (anyGuilty || paid.length == 0 || !work.decided) _router().release(challenger, bond, REASON_CHALLENGE);
        else _router().slashChallenger(challenger, bond, task, paid);
    }

    function _returnChallenge(Work storage work) private {
        uint256 bond = work.challengeBond;
        work.challengeBond = 0;
        address challenger = work.finder;
        work.finder = address(0);
        _router().release(challenger, bond, REASON_CHALLENGE);
    }

    function _payouts(address[] memory paid, uint256 seatPay, address[] memory auditors, uint256 feeEach)
        private
        pure
        returns (Payout[] memory payouts)
    {
        payouts = new Payout[](paid.length + (feeEach == 0 ? 0 : auditors.length));
        for (uint256 i = 0; i < paid.length; i++) payouts[i] = Payout(paid[i], uint96(seatPay), true);
        for (uint256 i = paid.length; i < payouts.length; i++) {
            payouts[i] = Payout(auditors[i - paid.length], uint96(feeEach), false);
        }
    }

    function _url(Place storage place) private view returns (string memory) {
        if (place.text != address(0)) return TextStore.read(place.text);
        return IDataRegistryLayer(Predeploys.DATA_REGISTRY).urlOf(place.provider, place.blobId);
    }
}
