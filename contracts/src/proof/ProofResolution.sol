// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Payout} from "../market/interfaces.sol";
import {TaskStatus} from "../market/MarketTypes.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {
    AuditOrder,
    IAuditManagerLayer,
    ICheckpointsLayer,
    IDataRegistryLayer,
    IPriceOracleLayer
} from "./ILayer.sol";
import {IFaultVerifier} from "./interfaces/IFaultVerifier.sol";
import {Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProgramRegistry} from "./interfaces/IProgramRegistry.sol";
import {IProofResolution} from "./interfaces/IProofResolution.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {ProofBase} from "./ProofBase.sol";
import {Randomness} from "./Randomness.sol";

/// @title From the last reveal to the money: draw, audit verdict, challenge, planted errors, fault proof, settlement.
/// @dev Code of the ProofManager that does not fit into one contract: it runs by delegatecall from there (ProofForward), on
/// that contract's storage, which ProofBase declares for both. Called directly it finds an empty storage and refuses.
contract ProofResolution is ProofBase {
    /// @dev A finder's share is at most this multiple of the task's payment.
    uint256 private constant FINDER_CAP = 5;
    /// @dev Auditors that a challenge draws when the policy names none.
    uint8 private constant CHALLENGE_AUDITORS = 3;
    uint256 private constant JURY_MAX = 15;

    /// @dev What a caller passed as the revealed link; without one the hash is zero.
    struct Link {
        bytes32 hash;
        string url;
    }

    /// @notice A call between contracts that no account may make.
    error OnlyAuditManager();

    constructor(address nexus_, address vault_, address terminal_) ProofBase(nexus_, vault_, terminal_) {}

    // ---------------------------------------------------------------- decide

    /// @inheritdoc IProofResolution
    function draw(address task) external {
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Drawing);
        if (block.number <= work.deadline) revert TooEarly(block.number, work.deadline + 1);
        bytes32 blockHash = Randomness.hashOf(work.deadline);
        if (blockHash == 0) {
            // The chosen block is too old to be read: choose a new one, which nobody knows either.
            work.deadline = uint64(block.number + DRAW_DELAY);
            emit RevealClosed(task, work.deadline);
            return;
        }
        bytes32 seed = keccak256(abi.encode(blockHash, task));
        Facts memory facts = _facts(task);
        Policy memory p = _policy(work.policyId);
        if (facts.status == TaskStatus.ATTEMPTED) nexus.setTaskStatus(task, TaskStatus.RESPONDED);
        if (work.retried > 0) _blameKnownFaults(task, work);
        work.result = _tally(task, work);

        bool wanted = work.challenged || work.result == 0 || work.retried > 0
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

    /// @inheritdoc IProofResolution
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

    /// @inheritdoc IProofResolution
    function announceFault(bytes32 commitment) external {
        if (_announced[commitment] == 0) _announced[commitment] = block.number;
    }

    /// @inheritdoc IProofResolution
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

        Place storage place = _find(task, provider);
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

    /// @inheritdoc IProofResolution
    function plantError(address task, bytes32 commitment) external {
        if (_facts(task).client != msg.sender) revert NotClient(task, msg.sender);
        Work storage work = _work[task];
        if (work.phase > Phase.Revealing || work.challenged) revert WrongPhase(task, work.phase);
        if (commitment == 0 || _plants[task].commitment != 0) revert PlantMismatch(task);
        _plants[task].commitment = commitment;
        emit ErrorPlanted(task, commitment);
    }

    /// @inheritdoc IProofResolution
    function openPlant(address task, bytes32 outRoot, bytes32 traceRoot, bytes32 salt) external {
        Facts memory facts = _facts(task);
        if (facts.client != msg.sender) revert NotClient(task, msg.sender);
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Window);
        Plant storage plant = _plants[task];
        bytes32 digest = digestOf(outRoot, traceRoot);
        if (
            plant.digest != 0 || _judged(work.class)
                || plant.commitment != keccak256(abi.encode(task, digest, salt))
        ) revert PlantMismatch(task);
        plant.digest = digest;
        bool confirmed = work.result == digest;
        uint256 jury = 0;
        if (confirmed && work.decided && work.finder == address(0)) {
            // As many as outvote those who confirmed it.
            jury = 2 * IAuditManagerLayer(Predeploys.AUDIT_MANAGER).rightAuditors(task).length + 1;
            jury = IAuditManagerLayer(Predeploys.AUDIT_MANAGER).reopen(task, jury < JURY_MAX ? jury : JURY_MAX);
        }
        emit PlantOpened(task, digest, jury > 0);
        if (jury > 0) {
            uint256 bond = challengeBond(task);
            work.finder = msg.sender;
            work.challengeBond = uint96(bond);
            work.phase = Phase.Auditing;
            work.deadline = 0;
            _router().reserve(msg.sender, bond, REASON_CHALLENGE);
        } else if (confirmed) {
            // Nobody was tested. What its own client calls wrong is no result.
            work.result = 0;
        }
    }

    // ---------------------------------------------------------------- settle

    /// @inheritdoc IProofResolution
    function finalize(address task) external {
        _finalize(task, Link(0, ""));
    }

    /// @inheritdoc IProofResolution
    function finalizeWithLink(address task, bytes32 blobId, string calldata url) external {
        _finalize(task, Link(_linkHash(blobId, url), url));
    }

    function _finalize(address task, Link memory link) private {
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Window);
        if (block.number <= work.deadline) revert TooEarly(block.number, work.deadline + 1);
        uint256 deadline = work.deadline;
        work.phase = Phase.Final;
        work.deadline = 0;

        Facts memory facts = _facts(task);
        Policy memory p = _policy(work.policyId);
        uint256 budget = _budget(work, facts.payment);
        (address[] memory auditors, uint256 feeEach) = _settleAudit(task, work, p, budget);
        (address[] memory paid, bool anyGuilty) = _settleSeats(task, work, p, facts, auditors);
        if (work.challengeBond > 0) _settleChallenge(task, work, paid, anyGuilty);

        if (paid.length == 0) {
            _endWithoutResult(task, work, p, facts, _payouts(paid, 0, auditors, feeEach));
            return;
        }
        uint256 seatPay = _seatPay(p, budget);
        Payout[] memory payouts = p.checkpointBps == 0
            ? _payouts(paid, seatPay, auditors, feeEach)
            : _segmentPayouts(task, work, p, paid[0], seatPay, auditors, feeEach);
        (uint256 total, uint256 refunded) = vault.settle(task, payouts);
        IPriceOracleLayer(Predeploys.PRICE_ORACLE).noteSettled(work.class, paid.length);
        bool linkNeeded = block.number <= deadline + LINK_BLOCKS;
        nexus.respondFor(task, paid[0], _url(task, paid[0], link, linkNeeded), seatPay);
        emit Finalized(task, paid[0], work.result, total, refunded);
    }

    /// @inheritdoc IProofResolution
    function publishResponse(address task, address provider) external returns (address response) {
        return _publishResponse(task, provider, Link(0, ""));
    }

    /// @inheritdoc IProofResolution
    function publishResponseWithLink(address task, address provider, bytes32 blobId, string calldata url)
        external
        returns (address response)
    {
        return _publishResponse(task, provider, Link(_linkHash(blobId, url), url));
    }

    function _publishResponse(address task, address provider, Link memory link) private returns (address) {
        Work storage work = _work[task];
        _requirePhase(task, work, Phase.Final);
        if (_find(task, provider).state != SeatState.Paid) revert NoSeat(task, provider);
        uint256 seatPay = _seatPay(_policy(work.policyId), _budget(work, _facts(task).payment));
        return nexus.respondFor(task, provider, _url(task, provider, link, true), seatPay);
    }

    /// @dev Audits of this try are paid; then another try, or the rest goes back to the client.
    function _endWithoutResult(
        address task,
        Work storage work,
        Policy memory p,
        Facts memory facts,
        Payout[] memory payouts
    ) private {
        if (_mayRetry(work, p, facts)) {
            if (payouts.length > 0) work.spent += uint96(vault.payPart(task, payouts));
            _retry(task, work, p, facts);
            return;
        }
        work.phase = Phase.Failed;
        nexus.setTaskStatus(task, TaskStatus.EXPIRED);
        (, uint256 back) = vault.settle(task, payouts);
        emit Failed(task, back);
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
            exact: !_judged(work.class),
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

    function _settleSeats(
        address task,
        Work storage work,
        Policy memory p,
        Facts memory facts,
        address[] memory auditors
    ) private returns (address[] memory paid, bool anyGuilty) {
        address[] memory finders = auditors;
        if (work.finder != address(0)) {
            finders = new address[](1);
            finders[0] = work.finder;
        }
        paid = new address[](work.active);
        uint256 count = 0;
        uint256 seatPay = _seatPay(p, _budget(work, facts.payment));
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (place.state != SeatState.Revealed) continue;
            SeatState outcome = _outcome(task, work, place, i);
            place.state = outcome;
            uint256 slashed = 0;
            if (outcome == SeatState.Slashed) {
                anyGuilty = true;
                if (p.retryMax > 0) _bar(task, place.provider);
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
    function _outcome(address task, Work storage work, Place storage place, uint256 seat)
        private
        view
        returns (SeatState)
    {
        if ((work.guilty >> seat) & 1 == 1) return SeatState.Slashed;
        if (work.result == 0) return SeatState.Released;
        if (_judged(work.class) || place.digest == work.result) return SeatState.Paid;
        if (place.digest == _plants[task].digest) return SeatState.Released;
        return SeatState.Slashed;
    }

    /// @dev A guilty provider's master gets no seat for another provider in a later try.
    function _bar(address task, address provider) private {
        address master = terminal.masterOf(provider);
        if (master != address(0)) isBarred[task][master] = true;
    }

    /// @dev What was proven wrong in an earlier try is wrong in this one too.
    function _blameKnownFaults(address task, Work storage work) private {
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (place.state == SeatState.Revealed && _faulty[task][place.digest]) work.guilty |= uint16(1 << i);
        }
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

    /// @dev The winner's pay, less what the providers before it earned with their steps.
    function _segmentPayouts(
        address task,
        Work storage work,
        Policy memory p,
        address winner,
        uint256 seatPay,
        address[] memory auditors,
        uint256 feeEach
    ) private returns (Payout[] memory payouts) {
        (address[] memory providers, uint256[] memory steps) =
            ICheckpointsLayer(Predeploys.CHECKPOINTS).creditsOf(task, work.retried);
        uint256 fees = feeEach == 0 ? 0 : auditors.length;
        payouts = new Payout[](1 + providers.length + fees);
        uint256 left = seatPay;
        for (uint256 i = 0; i < providers.length; i++) {
            uint256 part = providers[i] == winner
                ? 0
                : (seatPay * p.checkpointBps * steps[i]) / (BPS * p.checkpointSteps);
            left -= part;
            payouts[1 + i] = Payout(providers[i], uint96(part), true);
            if (part > 0) emit SegmentPaid(task, providers[i], steps[i], part);
        }
        payouts[0] = Payout(winner, uint96(left), true);
        for (uint256 i = 0; i < fees; i++) {
            payouts[1 + providers.length + i] = Payout(auditors[i], uint96(feeEach), false);
        }
    }

    /// @dev Where the result is: the link that the provider revealed, or its gateway. A link that nobody passes in time is
    /// replaced by its hash, so that it holds nothing back.
    function _url(address task, address provider, Link memory link, bool linkNeeded)
        private
        view
        returns (string memory)
    {
        Place storage place = _find(task, provider);
        IDataRegistryLayer registry = IDataRegistryLayer(Predeploys.DATA_REGISTRY);
        if (!place.linked) return registry.urlOf(provider, place.blobId);
        if (link.hash == place.blobId) return link.url;
        if (link.hash != 0) revert LinkMismatch(task, provider);
        if (linkNeeded) revert LinkNeeded(task, provider);
        return registry.urlOf(address(0), place.blobId);
    }
}
