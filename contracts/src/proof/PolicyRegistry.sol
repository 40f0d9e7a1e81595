// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {INexus, ISource} from "../market/interfaces.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IPolicyRegistry, Policy} from "./interfaces/IPolicyRegistry.sol";
import {IProgramRegistry} from "./interfaces/IProgramRegistry.sol";

/// @title Implementation of IPolicyRegistry, whose comments say what each function does.
contract PolicyRegistry is IPolicyRegistry {
    uint256 private constant SEATS_MAX = 16;
    uint256 private constant AUDITORS_MAX = 7;
    uint256 private constant JURY_MAX = 15;
    uint256 private constant BLOCKS_MAX = 1_000_000;
    uint256 private constant BOND_BPS_MAX = 1_000_000; // 100 × the seat's pay
    uint256 private constant REASSIGN_MAX = 16;
    uint256 private constant RETRY_MAX = 7;
    uint256 private constant CHECKPOINT_BPS_MAX = 9_000;
    uint256 private constant RECEIPTS_MAX = 15;

    address public immutable nexus;

    mapping(address source => uint64 policyId) private _current;
    mapping(uint256 policyId => Policy) private _policies;
    uint64 private _count;

    constructor(address nexus_) {
        nexus = nexus_;
    }

    /// @inheritdoc IPolicyRegistry
    function setPolicy(address source, Policy calldata policy_) external returns (uint256 policyId) {
        _requireClient(source);
        _check(policy_);
        policyId = ++_count;
        _policies[policyId] = policy_;
        _current[source] = uint64(policyId);
        emit PolicySet(source, policyId, policy_.programId, policy_);
    }

    /// @inheritdoc IPolicyRegistry
    function clearPolicy(address source) external {
        _requireClient(source);
        delete _current[source];
        emit PolicyCleared(source);
    }

    /// @inheritdoc IPolicyRegistry
    function policyIdOf(address source) external view returns (uint256) {
        return _current[source];
    }

    /// @inheritdoc IPolicyRegistry
    function policy(uint256 policyId) external view returns (Policy memory) {
        return _policies[policyId];
    }

    /// @inheritdoc IPolicyRegistry
    function policyOf(address source) external view returns (uint256 policyId, Policy memory current) {
        policyId = _current[source];
        current = _policies[policyId];
    }

    function _requireClient(address source) private view {
        if (INexus(nexus).sourceId(source) == 0 || ISource(source).client() != msg.sender) {
            revert PolicyNotClient(source, msg.sender);
        }
    }

    function _check(Policy calldata p) private view {
        if (p.programId != 0 && !IProgramRegistry(Predeploys.PROGRAM_REGISTRY).exists(p.programId)) {
            revert PolicyInvalid("programId");
        }
        if (p.redundancy == 0 || p.redundancy > SEATS_MAX) revert PolicyInvalid("redundancy");
        if (p.quorum > p.redundancy || uint256(p.quorum) * 2 <= p.redundancy) revert PolicyInvalid("quorum");
        if (p.auditors > AUDITORS_MAX) revert PolicyInvalid("auditors");
        if (p.auditQuorum > p.auditors || (p.auditors > 0 && uint256(p.auditQuorum) * 2 <= p.auditors)) {
            revert PolicyInvalid("auditQuorum");
        }
        if (p.jury > JURY_MAX) revert PolicyInvalid("jury");
        if (p.auditRateBps > 10_000 || (p.auditRateBps > 0 && p.auditors == 0)) revert PolicyInvalid("auditRateBps");
        if (p.auditFeeBps > 5_000) revert PolicyInvalid("auditFeeBps");
        if (p.bondBps > BOND_BPS_MAX) revert PolicyInvalid("bondBps");
        if (p.reassignMax > REASSIGN_MAX) revert PolicyInvalid("reassignMax");
        if (p.retryMax > RETRY_MAX) revert PolicyInvalid("retryMax");
        // With several seats each does all steps itself: there is nothing to share.
        if (p.checkpointBps > CHECKPOINT_BPS_MAX || (p.checkpointBps > 0 && p.redundancy != 1)) {
            revert PolicyInvalid("checkpointBps");
        }
        if (p.checkpointBps > 0 && p.checkpointSteps == 0) revert PolicyInvalid("checkpointSteps");
        if (p.checkpointReceipts > RECEIPTS_MAX) revert PolicyInvalid("checkpointReceipts");
        _checkBlocks(p.acceptBlocks, 1, "acceptBlocks");
        _checkBlocks(p.commitBlocks, 1, "commitBlocks");
        _checkBlocks(p.revealBlocks, 1, "revealBlocks");
        _checkBlocks(p.auditBlocks, p.auditors == 0 ? 0 : 1, "auditBlocks");
        _checkBlocks(p.windowBlocks, 0, "windowBlocks");
        _checkBlocks(p.heartbeatBlocks, 0, "heartbeatBlocks");
    }

    function _checkBlocks(uint256 blocks, uint256 minimum, string memory field) private pure {
        if (blocks < minimum || blocks > BLOCKS_MAX) revert PolicyInvalid(field);
    }
}
