// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ProgramClass} from "./interfaces/IProgramRegistry.sol";
import {IReputation} from "./interfaces/IReputation.sol";

/// @dev What the proof layer's contracts call on each other beside their public interfaces.
interface IStakeRouterLayer {
    function reserve(address account, uint256 amount, bytes32 reason) external;
    function release(address account, uint256 amount, bytes32 reason) external;
    function slash(
        address account,
        uint256 amount,
        bool retained,
        address task,
        address client,
        address[] calldata finders,
        uint256 finderCap
    ) external returns (uint256 total);
    function slashChallenger(address account, uint256 amount, address task, address[] calldata providers) external;
    function freeStakeOf(address account) external view returns (uint256);
}

struct AuditOrder {
    address task;
    address client;
    bytes32 seed;
    bytes32 expected; // verdict that confirms the providers; zero with `split`: none
    bool split; // the providers do not agree among themselves
    uint8 auditors;
    uint8 quorum;
    uint8 jury;
    uint32 auditBlocks;
    bool exact; // verdicts are digests, and reports of equal verdicts must be equal
    address[] providers;
}

interface IAuditManagerLayer {
    function open(AuditOrder calldata order) external returns (uint256 drawn);
    function settle(address task, uint256 fee) external returns (address[] memory right, uint256 each);
    function rightAuditors(address task) external view returns (address[] memory);
    function resolve(address task) external;
    function reopen(address task, uint256 jury) external returns (uint256 drawn);
}

interface IProofManagerLayer {
    function onVerdict(address task, bool decided, bytes32 verdict) external;
    function touch(address task, address provider) external returns (uint256 policyId, uint8 retried);
}

interface ICheckpointsLayer {
    function creditsOf(address task, uint8 retried)
        external
        view
        returns (address[] memory providers, uint256[] memory steps);
}

interface IReputationLayer {
    function record(address provider, ProgramClass class, IReputation.Outcome outcome, uint256 latencyBlocks)
        external;
}

interface IPriceOracleLayer {
    function noteSettled(ProgramClass class, uint256 seats) external;
}

interface IDataRegistryLayer {
    function urlOf(address provider, bytes32 blobId) external view returns (string memory);
    function receiptsOf(bytes32 blobId) external view returns (uint256);
}
