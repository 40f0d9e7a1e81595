// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TaskStatus} from "../market/MarketTypes.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IAuditManagerLayer} from "./ILayer.sol";
import {Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {ProofBase} from "./ProofBase.sol";

/// @dev What anybody may do when time has passed.
abstract contract ProofDeadlines is ProofBase, IProofManager {
    /// @inheritdoc IProofManager
    function expire(address task) external {
        Facts memory facts = _facts(task);
        Work storage work = _work[task];
        if (!work.opened) {
            if (facts.status != TaskStatus.NEW || block.timestamp <= facts.expiryTime) revert NothingToDo(task);
            (, uint256 refunded) = vault.escrowOf(task);
            work.phase = Phase.Failed;
            nexus.expireTask(task);
            emit Failed(task, refunded);
            return;
        }
        if (work.phase == Phase.Open) _expireOpen(task, work, facts);
        else if (work.phase == Phase.Assigned) _expireAssigned(task, work, facts);
        else if (work.phase == Phase.Revealing) _expireRevealing(task, work, facts);
        else if (work.phase == Phase.Auditing) IAuditManagerLayer(Predeploys.AUDIT_MANAGER).resolve(task);
        else revert NothingToDo(task);
    }

    /// @inheritdoc IProofManager
    function reassign(address task, address provider) external {
        Facts memory facts = _facts(task);
        Work storage work = _work[task];
        if (!work.opened || (work.phase != Phase.Open && work.phase != Phase.Assigned)) {
            revert WrongPhase(task, work.phase);
        }
        Policy memory p = _policy(work.policyId);
        Place storage place = _find(task, provider);
        if (p.heartbeatBlocks == 0 || place.state != SeatState.Accepted) revert NothingToDo(task);
        uint256 silentFrom = uint256(place.lastSeen) + p.heartbeatBlocks;
        if (block.number <= silentFrom) revert TooEarly(block.number, silentFrom + 1);
        _vacate(task, work, place, facts.client, true, _missPenalty(work, facts.payment));
        if (work.phase == Phase.Assigned) _reopenOrGoOn(task, work, facts);
    }

    /// @dev Too few seats: start with a quorum, or give up when the task is too old.
    function _expireOpen(address task, Work storage work, Facts memory facts) private {
        if (block.timestamp > facts.expiryTime) {
            _dropUncommitted(task, work, facts, false);
            _revealOrFail(task, work, facts);
        } else {
            if (block.number <= work.deadline || work.active < work.quorum) revert NothingToDo(task);
            _startCommits(task, work);
        }
    }

    /// @dev Late seats lose a part of their bond and are offered again.
    function _expireAssigned(address task, Work storage work, Facts memory facts) private {
        bool late = block.number > work.deadline;
        if (!late && block.timestamp <= facts.expiryTime) revert NothingToDo(task);
        _dropUncommitted(task, work, facts, late);
        _reopenOrGoOn(task, work, facts);
    }

    function _expireRevealing(address task, Work storage work, Facts memory facts) private {
        if (block.number <= work.deadline) revert NothingToDo(task);
        uint256 penalty = (uint256(work.bond) * WITHHOLD_BOND_BPS) / BPS;
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (place.state == SeatState.Committed) _vacate(task, work, place, facts.client, true, penalty);
        }
        if (work.revealed == 0) _fail(task, work, facts);
        else _closeReveals(task, work);
    }

    function _dropUncommitted(address task, Work storage work, Facts memory facts, bool late) private {
        uint256 penalty = late ? _missPenalty(work, facts.payment) : 0;
        for (uint256 i = 0; i < work.redundancy; i++) {
            Place storage place = _places[task][i];
            if (place.provider != address(0) && place.state == SeatState.Accepted) {
                _vacate(task, work, place, facts.client, late, penalty);
            }
        }
    }

    function _revealOrFail(address task, Work storage work, Facts memory facts) private {
        if (work.committed >= work.quorum) _startReveals(task, work);
        else _fail(task, work, facts);
    }

    /// @dev After seats were vacated: offer them again while rounds are left, else go on with who is there.
    function _reopenOrGoOn(address task, Work storage work, Facts memory facts) private {
        Policy memory p = _policy(work.policyId);
        if (block.timestamp <= facts.expiryTime && work.reassigned < p.reassignMax) {
            work.reassigned += 1;
            work.phase = Phase.Open;
            work.deadline = uint64(block.number + p.acceptBlocks);
            emit Reopened(task, work.redundancy - work.active, work.reassigned);
        } else if (work.active >= work.quorum && work.committed < work.active) {
            return;
        } else {
            _revealOrFail(task, work, facts);
        }
    }
}
