// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev FeeCollector, as Staking calls it.
interface IFeeCollector {
    /// @notice Passes everything collected on: a part is burned, the rest goes to `IStaking.distribute`. Anybody.
    function distribute() external;
}

/// @title Validators of the chain: self stake, delegation, commission, epochs, the next committee, slashing.
/// @notice Stake is held in two pools for each validator: the active one, which votes and earns, and the leaving one, which
/// only waits. Both are slashed by the same share, so that nobody escapes by leaving. Positions are shares of a pool.
interface IStaking {
    /// @notice Where a validator is in its life.
    enum Status {
        None,
        Active, // may be elected
        Jailed, // slashed; out until `unjail`
        Retired // left by its own wish; can't be elected
    }

    /// @notice A validator's keys and where it is reached.
    /// @dev The three Ed25519 public keys differ and are not zero. Addresses are multiaddrs, joined by newlines, at
    /// most 1,024 bytes.
    struct Keys {
        bytes32 consensusKey;
        bytes32 networkKey;
        bytes32 checkpointKey;
        string addresses;
    }

    /// @notice A validator as it is now.
    struct Validator {
        Status status;
        uint16 commissionBps;
        uint64 jailedUntil; // epoch
        uint256 stake; // active pool, wei
        uint256 leaving; // leaving pool, wei
        Keys keys;
    }

    /// @notice One seat of a committee.
    /// @dev `power` sums up to 10,000 over the committee.
    struct Member {
        address operator;
        uint256 power;
        bytes32 consensusKey;
        bytes32 networkKey;
        bytes32 checkpointKey;
        string addresses;
    }

    /// @notice `operator` became a candidate; `stake` wei were sent along.
    event ValidatorRegistered(address indexed operator, bytes32 consensusKey, uint256 stake, uint256 commissionBps);

    /// @notice Keys, addresses or commission changed, for the next committee.
    event ValidatorUpdated(address indexed operator, bytes32 consensusKey, string addresses, uint256 commissionBps);

    /// @notice `operator` left the candidates.
    event ValidatorRetired(address indexed operator);

    /// @notice `amount` wei joined the active pool.
    event Delegated(address indexed operator, address indexed delegator, uint256 amount);

    /// @notice `amount` wei moved to the leaving pool; all that the delegator has there can be withdrawn from Unix
    /// second `claimableAt` on.
    event Undelegated(address indexed operator, address indexed delegator, uint256 amount, uint256 claimableAt);

    /// @notice `amount` wei were paid to the delegator.
    event Withdrawn(address indexed operator, address indexed delegator, uint256 amount);

    /// @notice A validator's part of distributed fees.
    /// @param amount wei, the commission included
    /// @param commission wei that became stake of the operator alone
    event Rewarded(address indexed operator, uint256 amount, uint256 commission);

    /// @notice A member of the committee attested evidence; `power` is its own.
    event EquivocationAttested(address indexed operator, bytes32 indexed evidence, address indexed witness, uint256 power);

    /// @notice `operator` lost 5 % of both pools, `amount` wei together, which were burned, and is jailed for four
    /// epochs.
    event ValidatorSlashed(address indexed operator, bytes32 indexed evidence, uint256 amount);

    /// @notice `operator` may be elected again.
    event Unjailed(address indexed operator);

    /// @notice The closing call could not pass the collected fees on; they stay for the next one.
    event FeesNotDistributed(uint256 indexed epoch);

    /// @notice `epoch` began with a committee of `members`.
    /// @param seed the new epoch's
    event EpochClosed(uint256 indexed epoch, uint256 members, bytes32 seed);

    /// @notice The operator's own active stake, what it sent included, is below `minimum` wei; or `register` without
    /// value.
    error StakeTooLow(uint256 stake, uint256 minimum);

    /// @notice More than 5,000 (50 %).
    error CommissionTooHigh(uint256 commissionBps);

    /// @notice A key is zero, two are equal, or the addresses are longer than 1,024 bytes.
    error KeysInvalid();

    /// @notice Another validator has this key.
    error KeyTaken(bytes32 key);

    /// @notice The account never registered.
    error NotValidator(address operator);

    /// @notice The call does not fit the validator's status.
    error WrongStatus(address operator, Status status);

    /// @notice The caller is not in the present committee, or is the accused.
    error NotMember(address operator);

    /// @notice `witness` attested this before.
    error AlreadyAttested(address operator, bytes32 evidence, address witness);

    /// @notice Somebody was slashed for this evidence.
    error AlreadyPunished(bytes32 evidence);

    /// @notice Nothing to delegate, undelegate or withdraw.
    error AmountZero();

    /// @notice More than `available`: wei of the caller's active position; from setters, the parameter's bound.
    error AmountTooLarge(uint256 amount, uint256 available);

    /// @notice Too early. Both are Unix seconds; for jail terms, epochs; for functions of the genesis, blocks.
    error NotYet(uint256 time, uint256 allowedFrom);

    /// @notice There are `maximum` candidates.
    error CandidatesFull(uint256 maximum);

    /// @notice `account` did not take its coins.
    error TransferFailed(address account);

    /// @notice The node closes epochs here, nobody else.
    error OnlySystem(address caller);

    /// @notice Becomes a candidate with the value sent as self stake. The sender is the operator. Also after `retire`.
    /// StakeTooLow, CommissionTooHigh, KeysInvalid, KeyTaken, CandidatesFull (128), WrongStatus, NotYet during a jail
    /// term.
    /// @param commissionBps part of the rewards that the operator keeps, in 1/10,000, at most 5,000
    function register(Keys calldata keys, uint16 commissionBps) external payable;

    /// @notice New keys and addresses count from the next committee on, the commission at once. Operator; NotValidator,
    /// WrongStatus, CommissionTooHigh, KeysInvalid, KeyTaken.
    /// @param commissionBps as in `register`
    function update(Keys calldata keys, uint16 commissionBps) external;

    /// @notice Leaves the list of candidates; the stake stays until its owners undelegate. Operator; NotValidator,
    /// WrongStatus.
    function retire() external;

    /// @notice Adds the value sent to a validator's active pool. The operator's own stake is a delegation to itself.
    /// Anybody; NotValidator, WrongStatus when retired, AmountZero.
    function delegate(address operator) external payable;

    /// @notice Moves `amount` wei of the caller's position to the leaving pool. A second call restarts its clock.
    /// AmountZero, AmountTooLarge, NotValidator.
    function undelegate(address operator, uint256 amount) external;

    /// @notice Pays out the caller's whole leaving position after the unbonding period. NotYet, AmountZero,
    /// TransferFailed, NotValidator.
    function withdraw(address operator) external;

    /// @notice The same, paid to another address: the way out for a delegator that takes no coins itself. NotYet,
    /// AmountZero, TransferFailed (also for the zero address), NotValidator.
    function withdrawTo(address operator, address to) external;

    /// @notice Reports two different signed vertices of one slot. The system account decides at once; members of the
    /// committee decide with more than two thirds of the power. NotMember, AlreadyAttested, AlreadyPunished,
    /// NotValidator.
    /// @param evidence hash that names them (kind, epoch, round, author)
    function reportEquivocation(address operator, bytes32 evidence) external;

    /// @notice Returns to the candidates after the jail time, with enough self stake. Operator; WrongStatus, NotYet
    /// (epochs), StakeTooLow.
    function unjail() external;

    /// @notice Passes the collected fees on to the present committee, ends the epoch and elects the next committee. By
    /// the system account always; by anybody once the time is over (NotYet), where the node does not close epochs
    /// itself (OnlySystem).
    function closeEpoch() external;

    /// @notice Shares the value sent among the current committee by voting power: commission first, the rest to the
    /// pool. Anybody; without a committee it is burned.
    function distribute() external payable;

    /// @notice Number of the present epoch, from zero.
    function epoch() external view returns (uint256);

    /// @notice Unix second from which on the present epoch may be closed.
    function epochEnd() external view returns (uint256);

    /// @notice Committee of an epoch, ascending by operator address (consensus notes, 2.1). Empty when it was never
    /// elected.
    function committeeOf(uint256 epoch) external view returns (Member[] memory);

    /// @notice Who would be elected now; empty: the present committee would go on.
    function nextCommittee() external view returns (Member[] memory);

    /// @notice Seed of an epoch's leader schedule; zero for epochs to come.
    function epochSeedOf(uint256 epoch) external view returns (bytes32);

    /// @notice A validator as it is now; `status` is None for others.
    function validator(address operator) external view returns (Validator memory);

    /// @notice Operators that registered and did not retire, jailed ones included; in no particular order.
    function candidates() external view returns (address[] memory);

    /// @notice What a delegator has with a validator.
    /// @return active wei in the active pool
    /// @return leaving wei in the leaving pool
    /// @return claimableAt Unix second from which on `leaving` can be withdrawn; zero: never undelegated
    function positionOf(address operator, address delegator)
        external
        view
        returns (uint256 active, uint256 leaving, uint256 claimableAt);
}
