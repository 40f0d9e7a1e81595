// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Panic} from "@openzeppelin/contracts/utils/Panic.sol";

/// @dev Pages of lists, as the clients of the published contracts ask for them: both bounds belong to the page, so
/// `(0, 1)` is the first two items, and every item that is asked for has to exist, else Panic(0x32). A page whose
/// `lower` is above its `upper` asks for none and is empty. Gas is the only bound on their length.
library Pages {
    /// @dev How many items the page [lower, upper] of a list of `length` items has.
    function size(uint256 lower, uint256 upper, uint256 length) internal pure returns (uint256) {
        if (lower > upper) return 0;
        if (upper >= length) Panic.panic(Panic.ARRAY_OUT_OF_BOUNDS);
        return upper - lower + 1;
    }

    function slice(address[] storage items, uint256 lower, uint256 upper) internal view returns (address[] memory page) {
        page = new address[](size(lower, upper, items.length));
        for (uint256 i = 0; i < page.length; i++) page[i] = items[lower + i];
    }
}
