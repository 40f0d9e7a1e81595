// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {ProgramClass} from "./interfaces/IProgramRegistry.sol";
import {IReputation} from "./interfaces/IReputation.sol";

/// @title Implementation of IReputation, whose comments say what each function does.
/// @dev All integers. Decay: halved once per half-life, linear in between. No owner.
contract Reputation is IReputation {
    uint256 private constant ONE = 1 << 16; // a decayed count of one
    uint256 private constant BPS = 10_000;
    uint256 private constant GUILTY_WEIGHT = 8; // a wrong result weighs like eight missed deadlines
    uint256 private constant LATENCY_ONE = 1 << 8;
    uint256 private constant EWMA_SHIFT = 5;
    /// @dev Largest decayed count; keeps the arithmetic far from overflow.
    uint256 private constant COUNT_MAX = 1 << 48;

    /// @notice Blocks in which counts halve.
    uint256 public immutable halfLifeBlocks;
    /// @notice Blocks for which a guilty provider is not routed to.
    uint256 public immutable freezeBlocks;

    mapping(address provider => mapping(ProgramClass class => Record)) private _records;

    constructor(uint256 halfLifeBlocks_, uint256 freezeBlocks_) {
        require(halfLifeBlocks_ > 0, "HalfLifeZero");
        halfLifeBlocks = halfLifeBlocks_;
        freezeBlocks = freezeBlocks_;
    }

    /// @notice ProofManager only: one settled outcome of a seat.
    function record(address provider, ProgramClass class, Outcome outcome, uint256 latencyBlocks) external {
        if (msg.sender != Predeploys.PROOF_MANAGER) revert OnlyProofLayer(msg.sender);
        Record memory r = recordOf(provider, class);
        if (outcome == Outcome.Paid) {
            r.good = uint64(Math.min(r.good + ONE, COUNT_MAX));
            uint256 observed = latencyBlocks * LATENCY_ONE;
            r.latency = r.tasks == 0 ? uint64(observed) : uint64(_ewma(r.latency, observed));
        } else {
            uint256 weight = outcome == Outcome.Guilty ? GUILTY_WEIGHT * ONE : ONE;
            r.bad = uint64(Math.min(r.bad + weight, COUNT_MAX));
            if (outcome == Outcome.Guilty) r.frozenUntil = uint64(block.number + freezeBlocks);
        }
        r.tasks += 1;
        _records[provider][class] = r;
        emit ReputationChanged(provider, class, outcome, _wilson(r.good, r.bad), r.tasks);
    }

    /// @inheritdoc IReputation
    function recordOf(address provider, ProgramClass class) public view returns (Record memory r) {
        r = _records[provider][class];
        uint256 passed = block.number - r.touchedAt;
        r.good = uint64(_decay(r.good, passed));
        r.bad = uint64(_decay(r.bad, passed));
        r.touchedAt = uint64(block.number);
    }

    /// @inheritdoc IReputation
    function scoreOf(address provider, ProgramClass class) external view returns (uint256) {
        Record memory r = recordOf(provider, class);
        return _wilson(r.good, r.bad);
    }

    /// @inheritdoc IReputation
    function isFrozen(address provider, ProgramClass class) external view returns (bool) {
        return block.number < _records[provider][class].frozenUntil;
    }

    function _ewma(uint256 average, uint256 observed) private pure returns (uint256) {
        return observed >= average
            ? average + ((observed - average) >> EWMA_SHIFT)
            : average - ((average - observed) >> EWMA_SHIFT);
    }

    function _decay(uint256 count, uint256 blocks) private view returns (uint256) {
        uint256 halvings = blocks / halfLifeBlocks;
        if (halvings >= 64) return 0;
        count >>= halvings;
        return count - (count * (blocks % halfLifeBlocks)) / (2 * halfLifeBlocks);
    }

    /// @dev Wilson score interval, lower bound, z = 1.96, in 1/10,000, over counts with 2^16 = one:
    /// (p + z²/2n − z·sqrt(p(1−p)/n + z²/4n²)) / (1 + z²/n), multiplied out with n·ONE to stay in integers.
    function _wilson(uint256 good, uint256 bad) private pure returns (uint256) {
        uint256 n = good + bad;
        if (n == 0) return 0;
        // z² = 3.8416. Everything below carries the factor 2^16 of the counts.
        uint256 z2 = (38_416 * ONE) / BPS;
        uint256 root = Math.sqrt((38_416 * ((4 * good * bad * ONE) / n + z2 * ONE)) / BPS);
        uint256 upper = 2 * good + z2;
        if (upper <= root) return 0;
        return ((upper - root) * BPS) / (2 * (n + z2));
    }
}
