// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISource, ITask, ITerminal, IVault} from "../market/interfaces.sol";
import {DeliveryMethod, TaskStatus} from "../market/MarketTypes.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IStakeRouterLayer} from "./ILayer.sol";
import {IPolicyRegistry} from "./interfaces/IPolicyRegistry.sol";
import {IProgramRegistry, ProgramClass} from "./interfaces/IProgramRegistry.sol";
import {IProofManager} from "./interfaces/IProofManager.sol";
import {IProofTypes} from "./interfaces/IProofTypes.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {IRouting} from "./interfaces/IRouting.sol";

/// @title Implementation of IRouting, whose comments say what each function does.
/// @dev Views only; schedulers add what is off chain (hardware, queue, network) and record their reasons there.
contract Routing is IRouting {
    uint256 private constant BPS = 10_000;
    uint256 private constant REPUTATION_PART = 6_000;
    uint256 private constant LATENCY_PART = 2_500;
    uint256 private constant STAKE_PART = 1_500;
    /// @dev Latency (2^8 = one block) at which half of its part is left.
    uint256 private constant LATENCY_HALF = 30 << 8;
    /// @dev A newcomer is scored as average until it has a record.
    uint256 private constant NEWCOMER = 5_000;
    IProofManager private constant PROOFS = IProofManager(Predeploys.PROOF_MANAGER);
    IReputation private constant REPUTATION = IReputation(Predeploys.REPUTATION);

    IVault public immutable vault;
    ITerminal public immutable terminal;

    constructor(address vault_, address terminal_) {
        vault = IVault(vault_);
        terminal = ITerminal(terminal_);
    }

    /// @inheritdoc IRouting
    function eligibility(address task, address provider) public view returns (bool, string memory) {
        (address client,) = vault.escrowOf(task);
        if (client == address(0)) return (false, "UnknownTask");
        (address source,, uint256 policyId, uint256 expiryTime,, DeliveryMethod method, TaskStatus status) =
            ITask(task).facts();
        if (block.timestamp > expiryTime) return (false, "Expired");
        if (!terminal.isProvider(provider)) return (false, "NotProvider");
        if (ISource(source).registrantId(provider) == 0) return (false, "NotRegistered");
        if (!vault.isEligible(provider)) return (false, "NotEligible");
        if (ITask(task).attempterId(provider) != 0) return (false, "AlreadyAttempted");
        if (policyId == 0) {
            bool open = status == TaskStatus.NEW || status == TaskStatus.ATTEMPTED
                || (status == TaskStatus.RESPONDED && method == DeliveryMethod.MANUAL_CONFIRMATION);
            return open ? (true, "") : (false, "TaskClosed");
        }
        IProofTypes.TaskView memory state = PROOFS.taskState(task);
        if (state.phase != IProofTypes.Phase.Open || status > TaskStatus.ATTEMPTED) return (false, "TaskClosed");
        if (_freeStake(provider) < state.bond) return (false, "InsufficientLockup");
        if (REPUTATION.isFrozen(provider, _classOf(policyId))) return (false, "Frozen");
        address master = terminal.masterOf(provider);
        if (PROOFS.isBarred(task, master) || _hasMaster(task, master)) return (false, "SameMaster");
        return (true, "");
    }

    /// @inheritdoc IRouting
    function scoreOf(address task, address provider) external view returns (uint256) {
        _requireTask(task);
        return _candidate(task, provider).score;
    }

    /// @inheritdoc IRouting
    function candidates(address task, uint256 lower, uint256 upper) external view returns (Candidate[] memory found) {
        _requireTask(task);
        address[] memory registrants = ISource(ITask(task).getSource()).getRegistrants(lower, upper);
        found = new Candidate[](registrants.length);
        uint256 count = 0;
        for (uint256 i = 0; i < registrants.length; i++) {
            (bool eligible,) = eligibility(task, registrants[i]);
            if (eligible) found[count++] = _candidate(task, registrants[i]);
        }
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }

    function _requireTask(address task) private view {
        (address client,) = vault.escrowOf(task);
        if (client == address(0)) revert UnknownTask(task);
    }

    function _candidate(address task, address provider) private view returns (Candidate memory c) {
        uint256 policyId = ITask(task).policyId();
        ProgramClass class = policyId == 0 ? ProgramClass.OPAQUE : _classOf(policyId);
        uint256 bond = policyId == 0 ? vault.MIN_LOCKUP_PER_SOURCE() : PROOFS.taskState(task).bond;
        IReputation.Record memory r = REPUTATION.recordOf(provider, class);
        c.provider = provider;
        c.reputation = r.tasks == 0 ? NEWCOMER : REPUTATION.scoreOf(provider, class);
        c.latency = r.latency;
        c.freeStake = _freeStake(provider);
        uint256 quick = r.tasks == 0 ? BPS / 2 : (BPS * LATENCY_HALF) / (LATENCY_HALF + r.latency);
        uint256 cover = bond == 0 || c.freeStake >= 10 * bond ? BPS : (BPS * c.freeStake) / (10 * bond);
        c.score = (REPUTATION_PART * c.reputation + LATENCY_PART * quick + STAKE_PART * cover) / BPS;
    }

    function _freeStake(address provider) private view returns (uint256) {
        return IStakeRouterLayer(Predeploys.STAKE_ROUTER).freeStakeOf(provider);
    }

    function _classOf(uint256 policyId) private view returns (ProgramClass) {
        bytes32 programId = IPolicyRegistry(Predeploys.POLICY_REGISTRY).policy(policyId).programId;
        if (programId == 0) return ProgramClass.OPAQUE;
        return IProgramRegistry(Predeploys.PROGRAM_REGISTRY).classOf(programId);
    }

    function _hasMaster(address task, address master) private view returns (bool) {
        IProofTypes.Seat[] memory seats = PROOFS.seatsOf(task);
        for (uint256 i = 0; i < seats.length; i++) {
            if (seats[i].provider == address(0) || seats[i].state == IProofTypes.SeatState.Vacated) continue;
            if (terminal.masterOf(seats[i].provider) == master) return true;
        }
        return false;
    }
}
