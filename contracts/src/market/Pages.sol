// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {PAGE_ITEMS_MAX} from "./MarketTypes.sol";

/// @dev Pages [lower, upper) are cut at the end of the list and at PAGE_ITEMS_MAX items.
library Pages {
    function bounds(uint256 lower, uint256 upper, uint256 length) internal pure returns (uint256 first, uint256 count) {
        if (upper > length) upper = length;
        if (lower >= upper) return (0, 0);
        count = upper - lower;
        if (count > PAGE_ITEMS_MAX) count = PAGE_ITEMS_MAX;
        return (lower, count);
    }

    function slice(address[] storage items, uint256 lower, uint256 upper) internal view returns (address[] memory page) {
        (uint256 first, uint256 count) = bounds(lower, upper, items.length);
        page = new address[](count);
        for (uint256 i = 0; i < count; i++) page[i] = items[first + i];
    }
}
