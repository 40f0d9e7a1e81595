// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Policy} from "./IPolicyRegistry.sol";
import {IProofResolution} from "./IProofResolution.sol";

/// @title Life of a task under a verification policy: accept, commit, reveal, (audit), finalize.
/// @notice `expire` may be called by anybody and does whatever a passed deadline demands; `finalize` may be called by
/// anybody; so neither a silent client nor a silent provider can hold money back.
/// Who may act for a provider: the provider, its master, or an agent of its master (Terminal).
interface IProofManager is IProofResolution {
    /// @notice Takes a seat of `task` for `provider`. Needs: pairing, registration on the source, eligibility, free
    /// lockup of at least the bond (reserved until settlement), task not expired, no other seat with the same master.
    function accept(address task, address provider) external;

    /// @notice Posts the sealed result: `keccak256(abi.encode(task, provider, outRoot, traceRoot, blobId, salt))`.
    /// Possible from the own accept on, once.
    function commit(address task, address provider, bytes32 sealedDigest) external;

    /// @notice Opens the seal; only after all seats committed (or the commit deadline passed and `expire` was called).
    /// @param url where the blob can be fetched. Empty: the provider's gateway (DataRegistry.setGateway) followed by the
    /// lower-case hex of `blobId` (no 0x). A link of its own is in the event; here only its hash is kept, and who
    /// finalizes passes it again (`finalizeWithLink`).
    function reveal(
        address task,
        address provider,
        bytes32 outRoot,
        bytes32 traceRoot,
        bytes32 blobId,
        string calldata url,
        bytes32 salt
    ) external;

    /// @notice Shows that the provider still works; checkpoints count too.
    function heartbeat(address task, address provider) external;

    /// @notice Performs what a passed deadline demands (start with fewer seats, vacate silent seats, close reveals,
    /// reopen, refund). Anybody. Reverts with NothingToDo before a deadline.
    function expire(address task) external;

    /// @notice Vacates the seat of a provider that missed its heartbeat, and offers it again. Anybody.
    function reassign(address task, address provider) external;

    function taskState(address task) external view returns (TaskView memory);

    function seatsOf(address task) external view returns (Seat[] memory);

    function seatOf(address task, address provider) external view returns (Seat memory);

    /// @notice Policy under which the task was published; its `redundancy` is zero for plain tasks.
    function policyOfTask(address task) external view returns (Policy memory);

    /// @notice Bond in wei that a seat of `task` reserves.
    function bondOf(address task) external view returns (uint256);

    /// @notice Wei that a paid seat earns: (payment − audit fee) / redundancy; seats unpaid go back to the client.
    function seatPayOf(address task) external view returns (uint256);

    /// @notice True when `expire`, `draw`, `finalize` or `finalizeWithLink` would do something now; `action` is its name.
    function due(address task) external view returns (bool isDue, string memory action);
}
