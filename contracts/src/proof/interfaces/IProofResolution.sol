// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IProofTypes} from "./IProofTypes.sol";

/// @title The second half of IProofManager: from the last reveal to the money.
interface IProofResolution is IProofTypes {
    /// @notice Decides by chain randomness whether the task is audited, and draws the auditors. Anybody, after the draw
    /// block (RevealClosed); TooEarly, WrongPhase. When that block's hash can't be read any more (8,191 blocks), a new
    /// block is chosen instead and the call has to be made again.
    function draw(address task) external;

    /// @notice Demands an audit of an unaudited result in its window; reserves `challengeBond(task)` wei of the
    /// caller's lockup. Anybody; WrongPhase, ChallengeClosed, or the Vault's "InsufficientLockup". The bond comes back
    /// when a seat is found guilty, when no seat is paid or when the auditors don't decide; else 60 % go to the
    /// providers and 40 % are burned.
    function challenge(address task) external;

    /// @notice Announces evidence a block ahead so that nobody can steal it. Anybody; never reverts.
    /// @param commitment `keccak256(abi.encode(challenger, task, provider, keccak256(evidence)))`
    function announceFault(bytes32 commitment) external;

    /// @notice Proves with evidence that a provider's result is wrong; everybody with the same digest is guilty too.
    /// Whoever announced it in an earlier block (EvidenceNotAnnounced), from the last reveal to the end of the window
    /// (WrongPhase); EvidenceRejected, NothingToDo, NoSeat, VerifierMissing. The first finder gets 40 % of what is
    /// slashed, at most five times the payment for each seat.
    /// @param provider one of the guilty
    /// @param outRoot as the provider revealed it
    /// @param traceRoot as the provider revealed it
    /// @param evidence for the judge of the program's class
    function proveFault(address task, address provider, bytes32 outRoot, bytes32 traceRoot, bytes calldata evidence)
        external;

    /// @notice Commits to a wrong result that a provider of the client's choice will reveal. So it is found out whether
    /// auditors recompute. The task's client only (NotClient), once in a try and before the reveals are closed;
    /// WrongPhase, PlantMismatch.
    /// @param commitment `keccak256(abi.encode(task, digest, salt))`; not zero
    function plantError(address task, bytes32 commitment) external;

    /// @notice Opens it in the window. Seats with the planted digest lose nothing and earn nothing. Had an audit
    /// confirmed the planted error, a jury is drawn, which the client backs with `challengeBond(task)` wei of its
    /// lockup; auditors that it contradicts lose their stake. The task's client only; NotClient, WrongPhase,
    /// PlantMismatch, or the Vault's "InsufficientLockup".
    /// @param outRoot root of the planted output
    /// @param traceRoot root of its trace
    /// @param salt the random value of the commitment
    function openPlant(address task, bytes32 outRoot, bytes32 traceRoot, bytes32 salt) external;

    /// @notice Pays and closes the task after the window; or, without a paid seat, starts it again with other providers
    /// when the policy allows another try and the task has not expired, else refunds the client. Anybody; WrongPhase,
    /// TooEarly. When the winner revealed a link of its own: LinkNeeded for the next 300 blocks, then the response
    /// names the hash of the link.
    function finalize(address task) external;

    /// @notice `finalize` with the winner's own link. Anybody; also LinkMismatch.
    /// @param blobId as the winner revealed it
    /// @param url as the winner revealed it
    function finalizeWithLink(address task, bytes32 blobId, string calldata url) external;

    /// @notice Creates the market's Response object of a paid seat that is not the winner's; no coins move. Anybody,
    /// after `finalize`; WrongPhase, NoSeat, LinkNeeded, or Nexus's "AlreadyResponded" and "AlreadySubmitted".
    /// @return response the new Response
    function publishResponse(address task, address provider) external returns (address response);

    /// @notice The same with the seat's own link; LinkMismatch.
    /// @param blobId as the seat revealed it
    /// @param url as the seat revealed it
    /// @return response the new Response
    function publishResponseWithLink(address task, address provider, bytes32 blobId, string calldata url)
        external
        returns (address response);

    /// @notice Wei that a challenge, or a jury about a planted error, needs: a fifth of the payment, at least 0.01
    /// OGPU.
    function challengeBond(address task) external view returns (uint256);

    /// @notice What `commit` takes: `keccak256(abi.encode(task, provider, outRoot, traceRoot, blobId, salt))`.
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
