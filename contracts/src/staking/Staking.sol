// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {CommitteeMath} from "./CommitteeMath.sol";
import {IFeeCollector, IStaking} from "./IStaking.sol";
import {StakePool} from "./StakePool.sol";

/// @title Implementation of IStaking, whose comments say what each function does.
/// @dev The owner (timelock) sets parameters within bounds; it can neither move stake nor choose a committee. Invariant:
/// the contract's coins are at least the sum of all pools.
contract Staking is IStaking, Ownable {
    using StakePool for StakePool.Pool;

    uint256 private constant BPS = 10_000;
    uint256 private constant CANDIDATES_MAX = 128;
    uint256 private constant COMMITTEE_MAX = 64;
    uint256 private constant COMMISSION_MAX_BPS = 5_000;
    uint256 private constant ADDRESSES_BYTES_MAX = 1_024;
    uint256 private constant SLASH_BPS = 500;
    uint256 private constant JAIL_EPOCHS = 4;
    uint256 private constant PERIOD_MAX = 60 days;
    /// @dev Sixty-four members take less than a tenth of it.
    uint256 private constant DISTRIBUTE_GAS = 30_000_000;
    /// @dev Address that system calls of a block come from (EIP-4788).
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    struct Entry {
        Status status;
        uint16 commissionBps;
        uint64 jailedUntil;
        Keys keys;
        StakePool.Pool active;
        StakePool.Pool leaving;
        mapping(address delegator => uint256 time) claimableAt;
    }

    /// @notice True where the node closes epochs: then only the system account may. False: anybody, once the time is over.
    bool public immutable systemCloses;

    uint256 public epoch;
    uint256 public epochEnd;
    uint256 public epochDuration;
    uint256 public unbondingPeriod;
    uint256 public minSelfStake;
    uint256 public committeeSize;

    address[] private _candidates;
    mapping(address operator => Entry) private _entries;
    mapping(bytes32 key => address operator) private _keyOwner;
    mapping(uint256 epoch => Member[]) private _committees;
    mapping(uint256 epoch => bytes32) public epochSeedOf;
    mapping(bytes32 evidence => bool) private _punished;
    mapping(bytes32 evidence => mapping(address operator => uint256 power)) private _attested;
    mapping(bytes32 evidence => mapping(address operator => mapping(address witness => bool))) private _witnessed;

    /// @notice The timelock set a parameter.
    event ParameterSet(string name, uint256 value);

    constructor(
        uint256 epochDuration_,
        uint256 unbondingPeriod_,
        uint256 minSelfStake_,
        bytes32 seed,
        bool systemCloses_
    ) Ownable(msg.sender) {
        systemCloses = systemCloses_;
        epochDuration = epochDuration_;
        unbondingPeriod = unbondingPeriod_;
        minSelfStake = minSelfStake_;
        committeeSize = COMMITTEE_MAX;
        epochEnd = block.timestamp + epochDuration_;
        epochSeedOf[0] = seed;
    }

    // ---------------------------------------------------------------- validators

    /// @inheritdoc IStaking
    function register(Keys calldata keys, uint16 commissionBps) external payable {
        _register(msg.sender, keys, commissionBps);
    }

    /// @notice Genesis only (owner, before the first epoch is closed): a validator of the first committee.
    function registerFor(address operator, Keys calldata keys, uint16 commissionBps) external payable onlyOwner {
        if (epoch != 0 || block.number != 0) revert NotYet(block.number, 0);
        _register(operator, keys, commissionBps);
    }

    /// @notice Genesis only: elects the committee of epoch 0 from those registered.
    function seatFirstCommittee() external onlyOwner {
        if (epoch != 0 || block.number != 0 || _committees[0].length != 0) revert NotYet(block.number, 0);
        (address[] memory operators, uint256[] memory powers) = _elect();
        for (uint256 i = 0; i < operators.length; i++) _seat(0, operators[i], powers[i]);
    }

    /// @inheritdoc IStaking
    function update(Keys calldata keys, uint16 commissionBps) external {
        Entry storage entry = _known(msg.sender);
        if (entry.status == Status.Retired) revert WrongStatus(msg.sender, entry.status);
        if (commissionBps > COMMISSION_MAX_BPS) revert CommissionTooHigh(commissionBps);
        _releaseKeys(entry.keys);
        _claimKeys(msg.sender, keys);
        entry.keys = keys;
        entry.commissionBps = commissionBps;
        emit ValidatorUpdated(msg.sender, keys.consensusKey, keys.addresses, commissionBps);
    }

    /// @inheritdoc IStaking
    function retire() external {
        Entry storage entry = _known(msg.sender);
        if (entry.status == Status.Retired) revert WrongStatus(msg.sender, entry.status);
        entry.status = Status.Retired;
        _releaseKeys(entry.keys);
        for (uint256 i = 0; i < _candidates.length; i++) {
            if (_candidates[i] != msg.sender) continue;
            _candidates[i] = _candidates[_candidates.length - 1];
            _candidates.pop();
            break;
        }
        emit ValidatorRetired(msg.sender);
    }

    // ---------------------------------------------------------------- stake

    /// @inheritdoc IStaking
    function delegate(address operator) external payable {
        Entry storage entry = _known(operator);
        if (entry.status == Status.Retired) revert WrongStatus(operator, entry.status);
        _delegate(operator, entry, msg.sender);
    }

    /// @inheritdoc IStaking
    function undelegate(address operator, uint256 amount) external {
        Entry storage entry = _known(operator);
        uint256 owned = entry.active.valueOf(msg.sender);
        if (amount == 0) revert AmountZero();
        if (amount > owned) revert AmountTooLarge(amount, owned);
        uint256 coins = entry.active.take(msg.sender, amount);
        entry.leaving.add(msg.sender, coins);
        uint256 claimableAt = block.timestamp + unbondingPeriod;
        entry.claimableAt[msg.sender] = claimableAt;
        emit Undelegated(operator, msg.sender, coins, claimableAt);
    }

    /// @inheritdoc IStaking
    function withdraw(address operator) external {
        _withdraw(operator, msg.sender);
    }

    /// @inheritdoc IStaking
    function withdrawTo(address operator, address to) external {
        _withdraw(operator, to);
    }

    function _withdraw(address operator, address to) private {
        if (to == address(0)) revert TransferFailed(to);
        Entry storage entry = _known(operator);
        uint256 claimableAt = entry.claimableAt[msg.sender];
        if (block.timestamp < claimableAt) revert NotYet(block.timestamp, claimableAt);
        uint256 coins = entry.leaving.take(msg.sender, type(uint256).max);
        if (coins == 0) revert AmountZero();
        emit Withdrawn(operator, msg.sender, coins);
        _send(to, coins);
    }

    /// @inheritdoc IStaking
    function distribute() external payable {
        Member[] storage members = _committees[epoch];
        uint256 left = msg.value;
        for (uint256 i = 0; i < members.length; i++) {
            // The last one also gets what rounding left over.
            uint256 part = i + 1 == members.length ? left : (msg.value * members[i].power) / CommitteeMath.TOTAL_POWER;
            left -= part;
            _reward(members[i].operator, part);
        }
        // Without a committee (a network with fixed validators) there is nobody to reward.
        if (left > 0) _send(Predeploys.BURN, left);
    }

    // ---------------------------------------------------------------- faults

    /// @inheritdoc IStaking
    function reportEquivocation(address operator, bytes32 evidence) external {
        _known(operator);
        if (_punished[evidence]) revert AlreadyPunished(evidence);
        if (msg.sender == SYSTEM) {
            _slash(operator, evidence);
            return;
        }
        uint256 power = _powerOf(msg.sender);
        if (power == 0 || msg.sender == operator) revert NotMember(msg.sender);
        if (_witnessed[evidence][operator][msg.sender]) revert AlreadyAttested(operator, evidence, msg.sender);
        _witnessed[evidence][operator][msg.sender] = true;
        _attested[evidence][operator] += power;
        emit EquivocationAttested(operator, evidence, msg.sender, power);
        if (_attested[evidence][operator] * 3 > CommitteeMath.TOTAL_POWER * 2) _slash(operator, evidence);
    }

    /// @inheritdoc IStaking
    function unjail() external {
        Entry storage entry = _known(msg.sender);
        if (entry.status != Status.Jailed) revert WrongStatus(msg.sender, entry.status);
        if (epoch < entry.jailedUntil) revert NotYet(epoch, entry.jailedUntil);
        uint256 own = entry.active.valueOf(msg.sender);
        if (own < minSelfStake) revert StakeTooLow(own, minSelfStake);
        entry.status = Status.Active;
        emit Unjailed(msg.sender);
    }

    // ---------------------------------------------------------------- epochs

    /// @inheritdoc IStaking
    function closeEpoch() external {
        if (msg.sender != SYSTEM) {
            if (systemCloses) revert OnlySystem(msg.sender);
            if (block.timestamp < epochEnd) revert NotYet(block.timestamp, epochEnd);
        }
        // Those who worked get the fees. Whatever is wrong with them, the epoch ends.
        try IFeeCollector(Predeploys.FEE_COLLECTOR).distribute{gas: DISTRIBUTE_GAS}() {}
        catch {
            emit FeesNotDistributed(epoch);
        }
        (address[] memory operators, uint256[] memory powers) = _elect();
        uint256 next = epoch + 1;
        if (operators.length == 0) {
            // Nobody can be elected: those who are there go on.
            Member[] storage members = _committees[epoch];
            for (uint256 i = 0; i < members.length; i++) _committees[next].push(members[i]);
        }
        for (uint256 i = 0; i < operators.length; i++) _seat(next, operators[i], powers[i]);
        bytes32 seed = keccak256(abi.encode(epochSeedOf[epoch], block.prevrandao, next));
        epochSeedOf[next] = seed;
        epoch = next;
        epochEnd = block.timestamp + epochDuration;
        emit EpochClosed(next, _committees[next].length, seed);
    }

    /// @inheritdoc IStaking
    function committeeOf(uint256 epoch_) external view returns (Member[] memory) {
        return _committees[epoch_];
    }

    /// @inheritdoc IStaking
    function nextCommittee() external view returns (Member[] memory members) {
        (address[] memory operators, uint256[] memory powers) = _elect();
        members = new Member[](operators.length);
        for (uint256 i = 0; i < operators.length; i++) members[i] = _memberOf(operators[i], powers[i]);
    }

    /// @inheritdoc IStaking
    function validator(address operator) external view returns (Validator memory) {
        Entry storage entry = _entries[operator];
        return Validator({
            status: entry.status,
            commissionBps: entry.commissionBps,
            jailedUntil: entry.jailedUntil,
            stake: entry.active.coins,
            leaving: entry.leaving.coins,
            keys: entry.keys
        });
    }

    /// @inheritdoc IStaking
    function candidates() external view returns (address[] memory) {
        return _candidates;
    }

    /// @inheritdoc IStaking
    function positionOf(address operator, address delegator) external view returns (uint256, uint256, uint256) {
        Entry storage entry = _entries[operator];
        return (entry.active.valueOf(delegator), entry.leaving.valueOf(delegator), entry.claimableAt[delegator]);
    }

    // ---------------------------------------------------------------- parameters

    /// @notice Seconds, not zero, at most 60 days (AmountTooLarge); from the next epoch on. Timelock.
    function setEpochDuration(uint256 value) external onlyOwner {
        if (value == 0 || value > PERIOD_MAX) revert AmountTooLarge(value, PERIOD_MAX);
        epochDuration = value;
        emit ParameterSet("epochDuration", value);
    }

    /// @notice Seconds, at most 60 days (AmountTooLarge); not for what is leaving already. Timelock.
    function setUnbondingPeriod(uint256 value) external onlyOwner {
        if (value > PERIOD_MAX) revert AmountTooLarge(value, PERIOD_MAX);
        unbondingPeriod = value;
        emit ParameterSet("unbondingPeriod", value);
    }

    /// @notice Wei that an operator needs of its own; who has less is not elected. Timelock.
    function setMinSelfStake(uint256 value) external onlyOwner {
        minSelfStake = value;
        emit ParameterSet("minSelfStake", value);
    }

    /// @notice Seats of the next committees, 1 to 64 (AmountTooLarge). Timelock.
    function setCommitteeSize(uint256 value) external onlyOwner {
        if (value == 0 || value > COMMITTEE_MAX) revert AmountTooLarge(value, COMMITTEE_MAX);
        committeeSize = value;
        emit ParameterSet("committeeSize", value);
    }

    // ---------------------------------------------------------------- inside

    function _register(address operator, Keys calldata keys, uint16 commissionBps) private {
        Entry storage entry = _entries[operator];
        if (entry.status != Status.None && entry.status != Status.Retired) revert WrongStatus(operator, entry.status);
        if (commissionBps > COMMISSION_MAX_BPS) revert CommissionTooHigh(commissionBps);
        if (_candidates.length >= CANDIDATES_MAX) revert CandidatesFull(CANDIDATES_MAX);
        // A jail term is not escaped by leaving and coming back.
        if (epoch < entry.jailedUntil) revert NotYet(epoch, entry.jailedUntil);
        uint256 own = entry.active.valueOf(operator) + msg.value;
        if (own < minSelfStake || msg.value == 0) revert StakeTooLow(own, minSelfStake);
        _claimKeys(operator, keys);
        entry.status = Status.Active;
        entry.commissionBps = commissionBps;
        entry.keys = keys;
        _candidates.push(operator);
        emit ValidatorRegistered(operator, keys.consensusKey, msg.value, commissionBps);
        _delegate(operator, entry, operator);
    }

    function _delegate(address operator, Entry storage entry, address delegator) private {
        if (msg.value == 0) revert AmountZero();
        entry.active.add(delegator, msg.value);
        emit Delegated(operator, delegator, msg.value);
    }

    function _reward(address operator, uint256 amount) private {
        if (amount == 0) return;
        Entry storage entry = _entries[operator];
        // A pool that nobody owns would keep what it gets for ever.
        if (entry.active.shares == 0) {
            _send(Predeploys.BURN, amount);
            return;
        }
        uint256 commission = (amount * entry.commissionBps) / BPS;
        entry.active.coins += amount - commission;
        if (commission > 0) entry.active.add(operator, commission);
        emit Rewarded(operator, amount, commission);
    }

    /// @dev Both pools lose the same share; the coins are burned.
    function _slash(address operator, bytes32 evidence) private {
        _punished[evidence] = true;
        Entry storage entry = _entries[operator];
        uint256 fromActive = (entry.active.coins * SLASH_BPS) / BPS;
        uint256 fromLeaving = (entry.leaving.coins * SLASH_BPS) / BPS;
        entry.active.coins -= fromActive;
        entry.leaving.coins -= fromLeaving;
        entry.jailedUntil = uint64(epoch + JAIL_EPOCHS);
        if (entry.status == Status.Active) entry.status = Status.Jailed;
        emit ValidatorSlashed(operator, evidence, fromActive + fromLeaving);
        _send(Predeploys.BURN, fromActive + fromLeaving);
    }

    /// @dev The `committeeSize` active candidates with most stake and enough of their own, ascending by address.
    function _elect() private view returns (address[] memory operators, uint256[] memory powers) {
        uint256 size = 0;
        uint256 limit = committeeSize;
        operators = new address[](limit);
        uint256[] memory stakes = new uint256[](limit);
        for (uint256 i = 0; i < _candidates.length; i++) {
            address operator = _candidates[i];
            Entry storage entry = _entries[operator];
            if (entry.status != Status.Active || entry.active.valueOf(operator) < minSelfStake) continue;
            uint256 stake = entry.active.coins;
            if (stake == 0) continue;
            // Insertion by stake, then by address: the order never depends on who registered first.
            uint256 place = size < limit ? size : limit;
            while (place > 0 && _before(stake, operator, stakes[place - 1], operators[place - 1])) {
                if (place < limit) (stakes[place], operators[place]) = (stakes[place - 1], operators[place - 1]);
                place--;
            }
            if (place == limit) continue;
            (stakes[place], operators[place]) = (stake, operator);
            if (size < limit) size++;
        }
        assembly ("memory-safe") {
            mstore(operators, size)
            mstore(stakes, size)
        }
        _sortByAddress(operators, stakes);
        powers = CommitteeMath.powersOf(stakes);
    }

    function _before(uint256 stake, address operator, uint256 otherStake, address other) private pure returns (bool) {
        return stake > otherStake || (stake == otherStake && operator < other);
    }

    function _sortByAddress(address[] memory operators, uint256[] memory stakes) private pure {
        for (uint256 i = 1; i < operators.length; i++) {
            for (uint256 j = i; j > 0 && operators[j] < operators[j - 1]; j--) {
                (operators[j], operators[j - 1]) = (operators[j - 1], operators[j]);
                (stakes[j], stakes[j - 1]) = (stakes[j - 1], stakes[j]);
            }
        }
    }

    function _seat(uint256 epoch_, address operator, uint256 power) private {
        // Too little stake for one ten-thousandth of the power: no seat.
        if (power > 0) _committees[epoch_].push(_memberOf(operator, power));
    }

    function _memberOf(address operator, uint256 power) private view returns (Member memory) {
        Keys storage keys = _known(operator).keys;
        return Member({
            operator: operator,
            power: power,
            consensusKey: keys.consensusKey,
            networkKey: keys.networkKey,
            checkpointKey: keys.checkpointKey,
            addresses: keys.addresses
        });
    }

    function _powerOf(address operator) private view returns (uint256) {
        Member[] storage members = _committees[epoch];
        for (uint256 i = 0; i < members.length; i++) if (members[i].operator == operator) return members[i].power;
        return 0;
    }

    function _known(address operator) private view returns (Entry storage entry) {
        entry = _entries[operator];
        if (entry.status == Status.None) revert NotValidator(operator);
    }

    function _claimKeys(address operator, Keys calldata keys) private {
        if (
            keys.consensusKey == keys.networkKey || keys.consensusKey == keys.checkpointKey
                || keys.networkKey == keys.checkpointKey || bytes(keys.addresses).length > ADDRESSES_BYTES_MAX
        ) revert KeysInvalid();
        _claimKey(operator, keys.consensusKey);
        _claimKey(operator, keys.networkKey);
        _claimKey(operator, keys.checkpointKey);
    }

    function _claimKey(address operator, bytes32 key) private {
        if (key == 0) revert KeysInvalid();
        if (_keyOwner[key] != address(0)) revert KeyTaken(key);
        _keyOwner[key] = operator;
    }

    function _releaseKeys(Keys storage keys) private {
        delete _keyOwner[keys.consensusKey];
        delete _keyOwner[keys.networkKey];
        delete _keyOwner[keys.checkpointKey];
    }

    function _send(address account, uint256 amount) private {
        (bool sent,) = account.call{value: amount}("");
        if (!sent) revert TransferFailed(account);
    }
}
