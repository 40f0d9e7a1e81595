// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IProofTypes} from "./IProofTypes.sol";

/// @title The second half of IProofManager: from the last reveal to the money.
interface IProofResolution is IProofTypes {
    /// @notice Decides by chain randomness whether the task is audited, and draws the auditors. Anybody.
    function draw(address task) external;

    /// @notice Demands an audit of an unaudited result in its window; reserves `challengeBond(task)` of the caller's lockup.
    function challenge(address task) external;

    /// @notice Announces evidence one block ahead so that nobody can steal it:
    /// `keccak256(abi.encode(challenger, task, provider, keccak256(evidence)))`.
    function announceFault(bytes32 commitment) external;

    /// @notice Proves with evidence that the provider's result is wrong; everybody with the same digest is guilty too.
    function proveFault(address task, address provider, bytes32 outRoot, bytes32 traceRoot, bytes calldata evidence)
        external;

    /// @notice Task's client, before the reveals are closed: commits to `keccak256(abi.encode(task, digest, salt))`, the
    /// digest of a result that a provider of its choice will reveal although it is wrong. So it is found out whether auditors
    /// recompute.
    function plantError(address task, bytes32 commitment) external;

    /// @notice Opens it in the window. Seats with the planted digest lose nothing and earn nothing. Had an audit confirmed
    /// the planted error, a jury is drawn, which the client backs with `challengeBond(task)`; auditors that it contradicts
    /// lose their stake. Task's client only.
    function openPlant(address task, bytes32 outRoot, bytes32 traceRoot, bytes32 salt) external;

    /// @notice Pays and closes the task after the window; or starts it again with other providers when it has no result, the
    /// policy allows another try and the task has not expired. Anybody. When the winner revealed a link of its own:
    /// LinkNeeded for the next 300 blocks, then the response names the hash of the link.
    function finalize(address task) external;

    /// @notice `finalize` with the winner's own link, as it was revealed. Anybody.
    function finalizeWithLink(address task, bytes32 blobId, string calldata url) external;

    /// @notice Creates the market's Response object of a paid seat that is not the winner's. Anybody, after `finalize`.
    function publishResponse(address task, address provider) external returns (address response);

    /// @notice The same with the seat's own link.
    function publishResponseWithLink(address task, address provider, bytes32 blobId, string calldata url)
        external
        returns (address response);

    function challengeBond(address task) external view returns (uint256);

    function sealOf(
        address task,
        address provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        bytes32 salt
    ) external pure returns (bytes32);

    /// @notice What is compared between providers: `keccak256(abi.encode(outRoot, traceRoot))`.
    function digestOf(bytes32 outRoot, bytes32 traceRoot) external pure returns (bytes32);

    /// @notice True for the masters of providers that were found guilty in an earlier try.
    function isBarred(address task, address master) external view returns (bool);
}
