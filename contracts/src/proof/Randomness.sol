// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Predeploys} from "../system/Predeploys.sol";

/// @dev Hash of a past block: BLOCKHASH for 256 blocks, the EIP-2935 history contract for 8,191. The block is named
/// before it exists, so only the leaders of the commits between know anything about it (docs/contracts.md).
library Randomness {
    uint256 private constant RECENT = 256;

    /// @return hash zero when the block is not over yet or too old
    function hashOf(uint256 blockNumber) internal view returns (bytes32 hash) {
        if (blockNumber >= block.number) return 0;
        if (block.number - blockNumber <= RECENT) return blockhash(blockNumber);
        (bool read, bytes memory answer) = Predeploys.HISTORY_STORAGE.staticcall(abi.encode(blockNumber));
        if (read && answer.length == 32) hash = abi.decode(answer, (bytes32));
    }
}
