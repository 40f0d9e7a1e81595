// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev A pot of coins that many own by shares. Rounding always favours the pot, never who enters or leaves.
library StakePool {
    /// @dev Offset that makes the first depositor unable to inflate the price of a share (as in ERC-4626 vaults).
    uint256 private constant VIRTUAL = 1_000;

    struct Pool {
        uint256 coins;
        uint256 shares;
        mapping(address owner => uint256) sharesOf;
    }

    function add(Pool storage pool, address owner, uint256 coins) internal {
        uint256 shares = (coins * (pool.shares + VIRTUAL)) / (pool.coins + 1);
        pool.coins += coins;
        pool.shares += shares;
        pool.sharesOf[owner] += shares;
    }

    /// @return coins at most `amount`; taking the whole position takes all its shares
    function take(Pool storage pool, address owner, uint256 amount) internal returns (uint256 coins) {
        uint256 owned = valueOf(pool, owner);
        if (amount >= owned) {
            coins = owned;
            pool.shares -= pool.sharesOf[owner];
            pool.sharesOf[owner] = 0;
        } else {
            coins = amount;
            uint256 shares = (amount * (pool.shares + VIRTUAL) + pool.coins) / (pool.coins + 1);
            if (shares > pool.sharesOf[owner]) shares = pool.sharesOf[owner];
            pool.shares -= shares;
            pool.sharesOf[owner] -= shares;
        }
        pool.coins -= coins;
    }

    function valueOf(Pool storage pool, address owner) internal view returns (uint256) {
        return (pool.sharesOf[owner] * (pool.coins + 1)) / (pool.shares + VIRTUAL);
    }
}
