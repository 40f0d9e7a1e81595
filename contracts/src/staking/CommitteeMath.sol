// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev Stake to voting power: capped below a third, normalised to 10,000 by largest remainders, ties by position.
library CommitteeMath {
    uint256 internal constant TOTAL_POWER = 10_000;
    /// @dev No member of a committee of four or more holds a third or more (consensus notes, 2.1).
    uint256 internal constant POWER_CAP = 3_333;
    uint256 private constant CAP_MEMBERS = 4;

    /// @param stakes not zero; same order as the result
    function powersOf(uint256[] memory stakes) internal pure returns (uint256[] memory powers) {
        powers = _share(stakes, TOTAL_POWER, new bool[](stakes.length));
        if (stakes.length < CAP_MEMBERS) return powers;
        bool[] memory capped = new bool[](stakes.length);
        // At most three members can be over the cap, so this ends after as many rounds.
        for (uint256 round = 0; round < CAP_MEMBERS; round++) {
            bool changed = false;
            uint256 rest = TOTAL_POWER;
            for (uint256 i = 0; i < powers.length; i++) {
                if (!capped[i] && powers[i] > POWER_CAP) (capped[i], changed) = (true, true);
                if (capped[i]) rest -= POWER_CAP;
            }
            if (!changed) break;
            powers = _share(stakes, rest, capped);
            for (uint256 i = 0; i < powers.length; i++) if (capped[i]) powers[i] = POWER_CAP;
        }
    }

    /// @dev Shares `total` among those not excluded.
    function _share(uint256[] memory stakes, uint256 total, bool[] memory excluded)
        private
        pure
        returns (uint256[] memory powers)
    {
        powers = new uint256[](stakes.length);
        uint256[] memory remainders = new uint256[](stakes.length);
        uint256 sum = 0;
        for (uint256 i = 0; i < stakes.length; i++) if (!excluded[i]) sum += stakes[i];
        if (sum == 0) return powers;
        uint256 given = 0;
        for (uint256 i = 0; i < stakes.length; i++) {
            if (excluded[i]) continue;
            powers[i] = (stakes[i] * total) / sum;
            remainders[i] = (stakes[i] * total) % sum + 1;
            given += powers[i];
        }
        while (given < total) {
            uint256 best = 0;
            for (uint256 i = 1; i < stakes.length; i++) if (remainders[i] > remainders[best]) best = i;
            powers[best] += 1;
            remainders[best] = 0;
            given += 1;
        }
    }
}
