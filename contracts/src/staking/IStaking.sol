// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

interface IFeeCollector {
    function distribute() external;
}

/// @title Validators of the chain: self stake, delegation, commission, epochs, the next committee, slashing.
/// @notice Stake is held in two pools for each validator: the active one, which votes and earns, and the leaving one, which
/// only waits. Both are slashed by the same share, so that nobody escapes by leaving. Positions are shares of a pool.
interface IStaking {
    enum Status {
        None,
        Active, // may be elected
        Jailed, // slashed; out until `unjail`
        Retired // left by its own wish; can't be elected
    }

    /// @dev The three Ed25519 public keys differ. Addresses are multiaddrs, joined by newlines.
    struct Keys {
        bytes32 consensusKey;
        bytes32 networkKey;
        bytes32 checkpointKey;
        string addresses;
    }

    struct Validator {
        Status status;
        uint16 commissionBps;
        uint64 jailedUntil; // epoch
        uint256 stake; // active pool, wei
        uint256 leaving; // leaving pool, wei
        Keys keys;
    }

    /// @dev One seat of a committee. `power` sums up to 10,000 over the committee.
    struct Member {
        address operator;
        uint256 power;
        bytes32 consensusKey;
        bytes32 networkKey;
        bytes32 checkpointKey;
        string addresses;
    }

    event ValidatorRegistered(address indexed operator, bytes32 consensusKey, uint256 stake, uint256 commissionBps);
    event ValidatorUpdated(address indexed operator, bytes32 consensusKey, string addresses, uint256 commissionBps);
    event ValidatorRetired(address indexed operator);
    event Delegated(address indexed operator, address indexed delegator, uint256 amount);
    event Undelegated(address indexed operator, address indexed delegator, uint256 amount, uint256 claimableAt);
    event Withdrawn(address indexed operator, address indexed delegator, uint256 amount);
    event Rewarded(address indexed operator, uint256 amount, uint256 commission);
    event EquivocationAttested(address indexed operator, bytes32 indexed evidence, address indexed witness, uint256 power);
    event ValidatorSlashed(address indexed operator, bytes32 indexed evidence, uint256 amount);
    event Unjailed(address indexed operator);
    /// @notice The closing call could not pass the collected fees on; they stay for the next one.
    event FeesNotDistributed(uint256 indexed epoch);
    event EpochClosed(uint256 indexed epoch, uint256 members, bytes32 seed);

    error StakeTooLow(uint256 stake, uint256 minimum);
    error CommissionTooHigh(uint256 commissionBps);
    error KeysInvalid();
    error KeyTaken(bytes32 key);
    error NotValidator(address operator);
    error WrongStatus(address operator, Status status);
    error NotMember(address operator);
    error AlreadyAttested(address operator, bytes32 evidence, address witness);
    error AlreadyPunished(bytes32 evidence);
    error AmountZero();
    error AmountTooLarge(uint256 amount, uint256 available);
    error NotYet(uint256 time, uint256 allowedFrom);
    error CandidatesFull(uint256 maximum);
    error TransferFailed(address account);
    error OnlySystem(address caller);

    /// @notice Becomes a candidate with the value sent as self stake. The sender is the operator.
    function register(Keys calldata keys, uint16 commissionBps) external payable;

    /// @notice New keys and addresses count from the next committee on.
    function update(Keys calldata keys, uint16 commissionBps) external;

    /// @notice Leaves the list of candidates; the stake stays until its owners undelegate.
    function retire() external;

    /// @notice Adds the value sent to a validator's active pool. The operator's own stake is a delegation to itself.
    function delegate(address operator) external payable;

    /// @notice Moves `amount` wei of the caller's position to the leaving pool. A second call restarts its clock.
    function undelegate(address operator, uint256 amount) external;

    /// @notice Pays out the caller's leaving position after the unbonding period.
    function withdraw(address operator) external;

    /// @notice Reports two different signed vertices of one slot. `evidence` is the hash that names them (kind, epoch,
    /// round, author). The system account decides at once; members of the committee decide with two thirds of the power.
    function reportEquivocation(address operator, bytes32 evidence) external;

    /// @notice Returns to the candidates after the jail time, with enough self stake.
    function unjail() external;

    /// @notice Passes the collected fees on to the present committee, ends the epoch and elects the next committee. By the
    /// system account always; by anybody once the time is over, where the node does not close epochs itself.
    function closeEpoch() external;

    /// @notice Shares the value sent among the current committee by voting power: commission first, the rest to the pool.
    function distribute() external payable;

    function epoch() external view returns (uint256);

    /// @notice Unix second at which the present epoch may be closed.
    function epochEnd() external view returns (uint256);

    /// @notice Committee of an epoch, ascending by operator address (consensus notes, 2.1). Empty when it was never elected.
    function committeeOf(uint256 epoch) external view returns (Member[] memory);

    /// @notice Who would be elected now.
    function nextCommittee() external view returns (Member[] memory);

    function epochSeedOf(uint256 epoch) external view returns (bytes32);

    function validator(address operator) external view returns (Validator memory);

    function candidates() external view returns (address[] memory);

    /// @notice Wei of a delegator's active and leaving position, and when the latter can be withdrawn.
    function positionOf(address operator, address delegator)
        external
        view
        returns (uint256 active, uint256 leaving, uint256 claimableAt);
}
