// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVault} from "../market/interfaces.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {IStakeRouter} from "./interfaces/IStakeRouter.sol";

/// @title Implementation of IStakeRouter, whose comments say what each function does.
/// @dev Holds the market's JUDGE role. Its own Vault balance is zero between calls.
contract StakeRouter is IStakeRouter {
    /// @dev Split of a slashed bond in 1/10,000: finder 40 %, client 30 %, burn 20 %, the rest (10 %) audit pool.
    uint256 private constant FINDER_BPS = 4_000;
    uint256 private constant CLIENT_BPS = 3_000;
    uint256 private constant BURN_BPS = 2_000;
    uint256 private constant BPS = 10_000;
    /// @dev Part of a lost challenge bond that is burned; the providers get the rest.
    uint256 private constant FALSE_CHALLENGE_BURN_BPS = 4_000;

    IVault public immutable vault;

    modifier onlyProofLayer() {
        if (
            msg.sender != Predeploys.PROOF_MANAGER && msg.sender != Predeploys.AUDIT_MANAGER
                && msg.sender != Predeploys.DATA_REGISTRY
        ) revert OnlyProofLayer(msg.sender);
        _;
    }

    constructor(address vault_) {
        vault = IVault(vault_);
    }

    /// @notice Binds `amount` wei of a lockup; the Vault's "InsufficientLockup". The proof layer only.
    function reserve(address account, uint256 amount, bytes32 reason) external onlyProofLayer {
        vault.reserve(account, amount);
        emit Reserved(account, reason, amount);
    }

    /// @notice Frees `amount` wei of what was bound. The proof layer only.
    function release(address account, uint256 amount, bytes32 reason) external onlyProofLayer {
        vault.release(account, amount);
        emit Released(account, reason, amount);
    }

    /// @notice Takes `amount` of a reserved bond, and with `retained` the retained earnings, and splits them.
    /// @param finders share 40 %, together at most `finderCap`; none: that share goes to the audit pool
    function slash(
        address account,
        uint256 amount,
        bool retained,
        address task,
        address client,
        address[] calldata finders,
        uint256 finderCap
    ) external onlyProofLayer returns (uint256 total) {
        total = _seize(account, amount, retained);
        if (total == 0) return 0;
        uint256 toFinders = finders.length == 0 ? 0 : (total * FINDER_BPS) / BPS;
        if (toFinders > finderCap) toFinders = finderCap;
        uint256 each = finders.length == 0 ? 0 : toFinders / finders.length;
        toFinders = each * finders.length;
        uint256 toClient = (total * CLIENT_BPS) / BPS;
        uint256 burned = (total * BURN_BPS) / BPS;
        uint256 toPool = total - toFinders - toClient - burned;
        for (uint256 i = 0; i < finders.length; i++) vault.transfer(finders[i], each);
        vault.transfer(client, toClient);
        vault.transfer(Predeploys.AUDIT_MANAGER, toPool);
        emit Slashed(account, task, total, toFinders, toClient, burned, toPool);
        vault.burn(burned);
    }

    /// @notice Takes a lost challenge bond: 60 % to the providers that were accused, 40 % burned.
    function slashChallenger(address account, uint256 amount, address task, address[] calldata providers)
        external
        onlyProofLayer
    {
        _seize(account, amount, false);
        uint256 each = providers.length == 0
            ? 0
            : (amount * (BPS - FALSE_CHALLENGE_BURN_BPS)) / BPS / providers.length;
        for (uint256 i = 0; i < providers.length; i++) vault.transfer(providers[i], each);
        uint256 burned = amount - each * providers.length;
        emit Slashed(account, task, amount, each * providers.length, 0, burned, 0);
        vault.burn(burned);
    }

    /// @inheritdoc IStakeRouter
    function freeStakeOf(address account) public view returns (uint256) {
        return vault.lockupOf(account) - vault.reservedOf(account);
    }

    /// @inheritdoc IStakeRouter
    function reservedOf(address account) external view returns (uint256) {
        return vault.reservedOf(account);
    }

    function _seize(address account, uint256 amount, bool retained) private returns (uint256 total) {
        total = amount;
        vault.release(account, amount);
        vault.sanction(account, amount);
        if (retained) total += vault.forfeitRetained(account);
        vault.withdrawSanctionOf(account);
    }
}
