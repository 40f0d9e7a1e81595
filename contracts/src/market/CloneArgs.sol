// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev Reads packed fields out of a minimal proxy's arguments.
library CloneArgs {
    function readUint(bytes memory args, uint256 offset, uint256 size) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(add(add(args, 32), offset)))
        }
    }

    function readAddress(bytes memory args, uint256 offset) internal pure returns (address) {
        return address(uint160(readUint(args, offset, 20)));
    }

    /// @dev The text from `offset` to the end.
    function readText(bytes memory args, uint256 offset) internal pure returns (string memory) {
        bytes memory text = new bytes(args.length - offset);
        assembly ("memory-safe") {
            mcopy(add(text, 32), add(add(args, 32), offset), mload(text))
        }
        return string(text);
    }
}
