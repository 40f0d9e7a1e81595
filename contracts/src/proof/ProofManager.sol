// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {ProofBase} from "./ProofBase.sol";
import {ProofDeadlines} from "./ProofDeadlines.sol";
import {ProofForward} from "./ProofForward.sol";
import {ProofSeats} from "./ProofSeats.sol";

/// @title Implementation of IProofManager, whose comments say what each function does.
/// @dev The parts: ProofSeats (providers), ProofDeadlines (anybody, when time passed), ProofResolution (verdict, money; code of
/// its own, reached through ProofForward).
/// It has no owner and no parameter: a task's policy says everything.
contract ProofManager is ProofSeats, ProofDeadlines, ProofForward {
    constructor(address nexus_, address vault_, address terminal_) ProofBase(nexus_, vault_, terminal_) {}

    /// @inheritdoc IProofManager
    function taskState(address task) external view returns (TaskView memory state) {
        Work storage work = _work[task];
        if (!work.opened) {
            Facts memory facts = _facts(task);
            state.policyId = facts.policyId;
            state.phase = work.phase;
            state.bond = uint96(_bond(_policy(facts.policyId), facts.payment));
            return state;
        }
        return TaskView({
            policyId: work.policyId,
            phase: work.phase,
            deadline: work.deadline,
            seats: work.active,
            committed: work.committed,
            revealed: work.revealed,
            reassigned: work.reassigned,
            audited: work.audited,
            challenged: work.challenged,
            bond: work.bond,
            result: work.result,
            retried: work.retried
        });
    }

    /// @inheritdoc IProofManager
    function seatsOf(address task) external view returns (Seat[] memory seats) {
        uint256 count = _work[task].redundancy;
        seats = new Seat[](count);
        for (uint256 i = 0; i < count; i++) seats[i] = _seat(_places[task][i]);
    }

    /// @inheritdoc IProofManager
    function seatOf(address task, address provider) external view returns (Seat memory) {
        return _seat(_find(task, provider));
    }

    /// @inheritdoc IProofManager
    function policyOfTask(address task) external view returns (Policy memory) {
        return _policy(_facts(task).policyId);
    }

    /// @inheritdoc IProofManager
    function bondOf(address task) external view returns (uint256) {
        Facts memory facts = _facts(task);
        return _bond(_policy(facts.policyId), _budget(_work[task], facts.payment));
    }

    /// @inheritdoc IProofManager
    function seatPayOf(address task) external view returns (uint256) {
        Facts memory facts = _facts(task);
        return _seatPay(_policy(facts.policyId), _budget(_work[task], facts.payment));
    }

    /// @inheritdoc IProofManager
    function due(address task) external view returns (bool isDue, string memory action) {
        Work storage work = _work[task];
        Facts memory facts = _facts(task);
        bool old = block.timestamp > facts.expiryTime;
        bool passed = block.number > work.deadline;
        if (!work.opened) return (old && work.phase == Phase.Open, "expire");
        if (work.phase == Phase.Open) return (old || (passed && work.active >= work.quorum), "expire");
        if (work.phase == Phase.Assigned) return (old || passed, "expire");
        if (work.phase == Phase.Revealing) return (passed, "expire");
        if (work.phase == Phase.Drawing) return (passed, "draw");
        if (work.phase == Phase.Window) {
            bool linked = block.number <= work.deadline + LINK_BLOCKS && _winnerIsLinked(task, work);
            return (passed, linked ? "finalizeWithLink" : "finalize");
        }
        return (false, "");
    }

    function _seat(Place storage place) private view returns (Seat memory) {
        return Seat({
            provider: place.provider,
            state: place.state,
            lastSeen: place.lastSeen,
            digest: place.digest,
            blobId: place.linked ? bytes32(0) : place.blobId
        });
    }

    function _winnerIsLinked(address task, Work storage work) private view returns (bool) {
        for (uint256 i = 0; i < work.redundancy && work.result != 0; i++) {
            Place storage place = _places[task][i];
            if (place.state != SeatState.Revealed || (work.guilty >> i) & 1 == 1) continue;
            if (_judged(work.class) || place.digest == work.result) return place.linked;
        }
        return false;
    }
}
