// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRoles, ITask, ITerminal, Payout} from "./interfaces.sol";
import {TaskStatus} from "./MarketTypes.sol";
import {Rewiring} from "./Rewiring.sol";
import {ADMIN_ROLE, CONTROLLER_ROLE, JUDGE_ROLE} from "./Roles.sol";
import {Predeploys} from "../system/Predeploys.sol";

/// @title Every coin of the market: balances, escrow, stake, unbonding, sanctions, retained earnings.
/// @notice Invariant: the contract's coins are at least the sum of all accounts' balance, lockup, unbonding, retained
/// earnings and sanctions and all tasks' escrow. Nothing here lets an administrator move an account's money: escrow
/// moves by CONTROLLER contracts along a task's life, stake by JUDGE contracts on evidence, and both roles are sealed.
contract Vault is Rewiring {
    uint256 private constant UNBONDING_PERIOD_MAX = 60 days;
    uint256 private constant RETENTION_PERIOD_MAX = 30 days;

    struct Escrow {
        address client;
        uint96 amount;
    }

    /// @dev What a provider always has is in one slot, so that its first earning costs no more than the next one.
    /// 112 bits hold five thousand million million coins.
    struct Account {
        uint112 lockup;
        uint112 earned;
        bool whitelisted;
    }

    /// @dev Earnings that vest linearly from `since` to `until`; every new earning restarts the rest.
    struct Retention {
        uint128 amount;
        uint64 since;
        uint64 until;
    }

    address public immutable manager;
    address public immutable nexus;
    address public terminal;
    /// @notice True: a provider's earnings go to its master's balance; false: to the provider's own.
    bool public earningsToMaster = true;

    /// @notice Wei of lockup that each source registration of a provider needs.
    uint256 public MIN_LOCKUP_PER_SOURCE = 1 ether;
    /// @notice Seconds from `unbond` to `claim`.
    uint256 public UNBONDING_PERIOD = 7 days;
    /// @notice Seconds over which earnings from verified tasks vest; they can be slashed meanwhile.
    uint256 public RETENTION_PERIOD = 7 days;

    mapping(address account => uint256) public balanceOf;
    mapping(address account => Account) private _accounts;
    /// @notice Part of the lockup that secures running work and cannot be unbonded.
    mapping(address account => uint256) public reservedOf;
    mapping(address account => uint256) public unbondingOf;
    /// @notice Unix second at which the unbonding coins can be claimed.
    mapping(address account => uint256) public unbondingTimestamp;
    mapping(address client => uint256) public frozenPayment;
    mapping(address account => uint256) public sanctionOf;
    uint256 public sanctionedAmount;
    /// @notice Escrow by task; the client stays recorded after the money left, which marks a genuine task.
    mapping(address task => Escrow) public escrowOf;
    mapping(address provider => Retention) private _retained;

    /// @notice `amount` wei came in for `account`.
    event Deposited(address account, uint256 amount);
    /// @notice `amount` wei left.
    event Withdrawn(address account, uint256 amount);
    /// @notice `amount` wei became stake.
    event Locked(address account, uint256 amount);
    /// @notice `amount` wei of stake began to unbond.
    event Unbonded(address account, uint256 amount);
    /// @notice All that was unbonding, `amount` wei, is stake again.
    event UnbondingCanceled(address account, uint256 amount);
    /// @notice `amount` wei became balance after the unbonding.
    event Claimed(address account, uint256 amount);
    /// @notice `amount` wei of stake or retained earnings were taken.
    event Sanctioned(address account, uint256 amount);
    /// @notice `amount` wei of a sanction became stake again.
    event Waived(address account, uint256 amount);
    /// @notice A task was published and `amount` wei wait for its end.
    event PaymentFrozen(address indexed client, address indexed task, uint256 amount);
    /// @notice `amount` wei of a task's escrow went back to its client.
    event PaymentReleased(address indexed client, address indexed task, uint256 amount);
    /// @notice `amount` wei of a task's escrow went to `account`; earnings of verified tasks vest first.
    event PaymentProcessed(address indexed task, address indexed account, uint256 amount);
    /// @notice `amount` wei of retained earnings of `provider` became balance of `account`.
    event Vested(address indexed provider, address indexed account, uint256 amount);
    /// @notice `amount` wei of balance, or of a sanction, became balance of `to`.
    event Transferred(address indexed from, address indexed to, uint256 amount);
    /// @notice `amount` wei left for the burn address.
    event Burned(address indexed from, uint256 amount);
    /// @notice The timelock set a parameter.
    event ParameterSet(string name, uint256 value);

    /// @dev Nexus is a CONTROLLER for ever (the role is sealed), so the common path need not ask the Manager.
    modifier onlyController() {
        require(msg.sender == nexus || IRoles(manager).hasRole(CONTROLLER_ROLE, msg.sender), "NotAuthorized");
        _;
    }

    modifier onlyRole(bytes32 role) {
        require(IRoles(manager).hasRole(role, msg.sender), "NotAuthorized");
        _;
    }

    constructor(address _manager, address _nexus, address _terminal) {
        manager = _manager;
        nexus = _nexus;
        terminal = _terminal;
    }

    // ---------------------------------------------------------------- own money

    /// @notice Adds the value sent to the balance of `account`. Anybody; "ZeroAccount".
    function deposit(address account) external payable {
        _requireAccount(account);
        balanceOf[account] += msg.value;
        emit Deposited(account, msg.value);
    }

    /// @notice Adds the value sent straight to the lockup of `account`. Anybody; "ZeroAccount".
    function depositLockup(address account) external payable {
        _requireAccount(account);
        _accounts[account].lockup += uint112(msg.value);
        emit Deposited(account, msg.value);
        emit Locked(account, msg.value);
    }

    /// @notice Pays `amount` wei of the caller's balance out to it; "InsufficientBalance", "TransferFailed".
    function withdraw(uint256 amount) external {
        _withdraw(msg.sender, amount);
    }

    /// @notice Everything liquid in one call: vested earnings, matured unbonding, balance. Only for oneself.
    function emergencyExit(address account) external {
        require(msg.sender == account, "NotAuthorized");
        uint256 matured = unbondingOf[account];
        if (matured > 0 && block.timestamp >= unbondingTimestamp[account]) {
            unbondingOf[account] = 0;
            balanceOf[account] += matured;
            emit Claimed(account, matured);
        }
        _withdraw(account, balanceOf[account]);
    }

    /// @notice Moves own balance to another account of the vault; "ZeroAccount", "InsufficientBalance". So an account that
    /// takes no coins gets out what is its own.
    function transfer(address to, uint256 amount) external {
        _requireAccount(to);
        _debit(msg.sender, amount);
        balanceOf[to] += amount;
        emit Transferred(msg.sender, to, amount);
    }

    /// @notice Destroys own balance.
    function burn(uint256 amount) external {
        _debit(msg.sender, amount);
        emit Burned(msg.sender, amount);
        _send(Predeploys.BURN, amount);
    }

    /// @notice Makes `amount` wei of the caller's balance stake; "InsufficientBalance".
    function lock(uint256 amount) external {
        _debit(msg.sender, amount);
        _accounts[msg.sender].lockup += uint112(amount);
        emit Locked(msg.sender, amount);
    }

    /// @notice Starts to take stake out. A second call before `claim` adds to the first and restarts the clock.
    function unbond(uint256 amount) external {
        _takeLockup(msg.sender, amount);
        unbondingOf[msg.sender] += amount;
        unbondingTimestamp[msg.sender] = block.timestamp + UNBONDING_PERIOD;
        emit Unbonded(msg.sender, amount);
    }

    /// @notice Makes all that the caller has unbonding stake again; "NothingUnbonding".
    function cancelUnbonding() external {
        uint256 amount = unbondingOf[msg.sender];
        require(amount > 0, "NothingUnbonding");
        unbondingOf[msg.sender] = 0;
        unbondingTimestamp[msg.sender] = 0;
        _accounts[msg.sender].lockup += uint112(amount);
        emit UnbondingCanceled(msg.sender, amount);
    }

    /// @notice Makes all that the caller has unbonding balance, after the period; "NothingUnbonding",
    /// "UnbondingNotElapsed".
    function claim() external {
        uint256 amount = unbondingOf[msg.sender];
        require(amount > 0, "NothingUnbonding");
        require(block.timestamp >= unbondingTimestamp[msg.sender], "UnbondingNotElapsed");
        unbondingOf[msg.sender] = 0;
        unbondingTimestamp[msg.sender] = 0;
        balanceOf[msg.sender] += amount;
        emit Claimed(msg.sender, amount);
    }

    // ---------------------------------------------------------------- escrow

    /// @notice A task's payment leaves the client's balance and waits. CONTROLLER.
    function freezePayment(address client, address task, uint256 amount) external onlyController {
        Escrow storage escrow = escrowOf[task];
        require(escrow.client == address(0) && client != address(0), "AlreadyFrozen");
        require(amount <= type(uint96).max, "PaymentTooLarge");
        _debit(client, amount);
        frozenPayment[client] += amount;
        escrow.client = client;
        escrow.amount = uint96(amount);
        emit PaymentFrozen(client, task, amount);
    }

    /// @notice The whole escrow of a task goes back to its client. CONTROLLER.
    function releasePayment(address client, address task) external onlyController {
        require(escrowOf[task].client == client, "WrongClient");
        _refund(task, client, _takeEscrow(task));
    }

    /// @notice Refunds the escrow of a task that ended without a result. Anybody; the money goes to the client.
    function forceReleasePayment(address client, address task) external {
        require(escrowOf[task].client == client && client != address(0), "WrongClient");
        TaskStatus status = ITask(task).status();
        require(status == TaskStatus.CANCELED || status == TaskStatus.EXPIRED, "TaskRunning");
        _refund(task, client, _takeEscrow(task));
    }

    /// @notice Pays `amount` of a task's escrow to the provider's side and refunds the rest. CONTROLLER.
    function processPayment(address client, address provider, address task, uint256 amount)
        external
        onlyController
    {
        require(escrowOf[task].client == client, "WrongClient");
        uint256 held = _takeEscrow(task);
        require(amount <= held, "PaymentTooLarge");
        _accounts[provider].earned += uint112(amount);
        address account = payeeOf(provider);
        balanceOf[account] += amount;
        emit PaymentProcessed(task, account, amount);
        if (held > amount) _refund(task, client, held - amount);
    }

    /// @notice Pays a list out of a task's escrow and refunds the rest. Earned parts are retained. CONTROLLER.
    function settle(address task, Payout[] calldata payouts)
        external
        onlyController
        returns (uint256 paid, uint256 refunded)
    {
        address client = escrowOf[task].client;
        uint256 held = _takeEscrow(task);
        paid = _payAll(task, payouts);
        require(paid <= held, "PaymentTooLarge");
        refunded = held - paid;
        if (refunded > 0) _refund(task, client, refunded);
    }

    /// @notice Pays a list out of a task's escrow and keeps the rest frozen. CONTROLLER.
    function payPart(address task, Payout[] calldata payouts) external onlyController returns (uint256 paid) {
        Escrow storage escrow = escrowOf[task];
        paid = _payAll(task, payouts);
        require(paid <= escrow.amount, "PaymentTooLarge");
        escrow.amount -= uint96(paid);
        frozenPayment[escrow.client] -= paid;
    }

    // ---------------------------------------------------------------- stake under work

    /// @notice Binds part of a lockup to running work. JUDGE.
    function reserve(address account, uint256 amount) external onlyRole(JUDGE_ROLE) {
        uint256 reserved = reservedOf[account] + amount;
        require(_accounts[account].lockup >= reserved, "InsufficientLockup");
        reservedOf[account] = reserved;
    }

    /// @notice JUDGE.
    function release(address account, uint256 amount) external onlyRole(JUDGE_ROLE) {
        reservedOf[account] -= amount;
    }

    /// @notice Takes stake on evidence; `waive` gives it back, `withdrawSanctionOf` makes it final. JUDGE.
    function sanction(address account, uint256 amount) external onlyRole(JUDGE_ROLE) {
        _takeLockup(account, amount);
        sanctionOf[account] += amount;
        sanctionedAmount += amount;
        emit Sanctioned(account, amount);
    }

    /// @notice Retained earnings of a guilty provider join its sanction. JUDGE.
    function forfeitRetained(address account) external onlyRole(JUDGE_ROLE) returns (uint256 amount) {
        _vest(account);
        amount = _retained[account].amount;
        if (amount == 0) return 0;
        delete _retained[account];
        sanctionOf[account] += amount;
        sanctionedAmount += amount;
        emit Sanctioned(account, amount);
    }

    /// @notice JUDGE.
    function waive(address account, uint256 amount) external onlyRole(JUDGE_ROLE) {
        require(sanctionOf[account] >= amount, "SanctionTooSmall");
        sanctionOf[account] -= amount;
        sanctionedAmount -= amount;
        _accounts[account].lockup += uint112(amount);
        emit Waived(account, amount);
    }

    /// @notice The sanctioned coins of `account` become the balance of the judge, which distributes them. JUDGE.
    function withdrawSanctionOf(address account) external onlyRole(JUDGE_ROLE) {
        uint256 amount = sanctionOf[account];
        sanctionOf[account] = 0;
        sanctionedAmount -= amount;
        balanceOf[msg.sender] += amount;
        emit Transferred(account, msg.sender, amount);
    }

    // ---------------------------------------------------------------- earnings

    /// @notice Moves the vested part of a provider's retained earnings to its side's balance. Anybody.
    function vest(address provider) external {
        _vest(provider);
    }

    /// @notice Retained earnings, and how much of them `vest` would move now.
    function retainedOf(address provider) external view returns (uint256 retained, uint256 vested) {
        return (_retained[provider].amount, _vestedOf(_retained[provider]));
    }

    /// @notice Account that a provider's earnings go to.
    function payeeOf(address provider) public view returns (address) {
        if (!earningsToMaster) return provider;
        address master = ITerminal(terminal).masterOf(provider);
        return master == address(0) ? provider : master;
    }

    // ---------------------------------------------------------------- views and parameters

    /// @notice Wei of stake, the reserved part included; what is unbonding is not in it.
    function lockupOf(address account) public view returns (uint256) {
        return _accounts[account].lockup;
    }

    /// @notice All that a provider ever earned.
    function totalEarningsOf(address provider) external view returns (uint256) {
        return _accounts[provider].earned;
    }

    /// @notice True when the account needs no stake to register and attempt.
    function isWhitelisted(address account) external view returns (bool) {
        return _accounts[account].whitelisted;
    }

    /// @notice As `balanceOf`.
    function getBalanceOf(address account) external view returns (uint256) {
        return balanceOf[account];
    }

    /// @notice As `lockupOf`.
    function getLockupOf(address account) external view returns (uint256) {
        return _accounts[account].lockup;
    }

    /// @notice May register and attempt: enough stake for one source, or on the whitelist.
    function isEligible(address account) external view returns (bool) {
        return _accounts[account].lockup >= MIN_LOCKUP_PER_SOURCE || _accounts[account].whitelisted;
    }

    /// @notice Seconds, at most 60 days ("PeriodTooLong"); not for what is unbonding already. Timelock.
    function setMaxUnbondingPeriod(uint256 period) external onlyRole(ADMIN_ROLE) {
        require(period <= UNBONDING_PERIOD_MAX, "PeriodTooLong");
        UNBONDING_PERIOD = period;
        emit ParameterSet("UNBONDING_PERIOD", period);
    }

    /// @notice Wei; registrations that exist stay. Timelock.
    function setMinLockupPerSource(uint256 amount) external onlyRole(ADMIN_ROLE) {
        MIN_LOCKUP_PER_SOURCE = amount;
        emit ParameterSet("MIN_LOCKUP_PER_SOURCE", amount);
    }

    /// @notice Seconds, at most 30 days ("PeriodTooLong"); zero: earnings are balance at once. Timelock.
    function setRetentionPeriod(uint256 period) external onlyRole(ADMIN_ROLE) {
        require(period <= RETENTION_PERIOD_MAX, "PeriodTooLong");
        RETENTION_PERIOD = period;
        emit ParameterSet("RETENTION_PERIOD", period);
    }

    /// @notice True: earnings go to the master's balance; false: to the provider's own. Timelock.
    function setEarningsToMaster(bool value) external onlyRole(ADMIN_ROLE) {
        earningsToMaster = value;
        emit ParameterSet("earningsToMaster", value ? 1 : 0);
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setTerminal(address _terminal) external onlyRole(ADMIN_ROLE) {
        if (_rewireContract("terminal", _terminal)) terminal = _terminal;
    }

    /// @notice Lets a provider register and attempt without stake. Timelock.
    function setWhitelist(address account, bool value) external onlyRole(ADMIN_ROLE) {
        _accounts[account].whitelisted = value;
    }

    // ---------------------------------------------------------------- inside

    /// @dev Stake that secures running work stays.
    function _takeLockup(address account, uint256 amount) private {
        uint256 lockup = _accounts[account].lockup;
        require(amount <= lockup - reservedOf[account], "InsufficientLockup");
        _accounts[account].lockup = uint112(lockup - amount);
    }

    function _payAll(address task, Payout[] calldata payouts) private returns (uint256 paid) {
        for (uint256 i = 0; i < payouts.length; i++) {
            Payout calldata payout = payouts[i];
            paid += payout.amount;
            if (payout.earned) {
                _accounts[payout.account].earned += payout.amount;
                _retain(payout.account, payout.amount);
            } else {
                balanceOf[payout.account] += payout.amount;
            }
            emit PaymentProcessed(task, payout.account, payout.amount);
        }
    }

    /// @dev Nobody could ever take out what the zero address has.
    function _requireAccount(address account) private pure {
        require(account != address(0), "ZeroAccount");
    }

    function _debit(address account, uint256 amount) private {
        uint256 balance = balanceOf[account];
        require(balance >= amount, "InsufficientBalance");
        balanceOf[account] = balance - amount;
    }

    function _withdraw(address account, uint256 amount) private {
        _debit(account, amount);
        emit Withdrawn(account, amount);
        _send(account, amount);
    }

    /// @dev Always the last step of a call.
    function _send(address account, uint256 amount) private {
        (bool sent,) = account.call{value: amount}("");
        require(sent, "TransferFailed");
    }

    function _takeEscrow(address task) private returns (uint256 amount) {
        Escrow storage escrow = escrowOf[task];
        amount = escrow.amount;
        escrow.amount = 0;
        frozenPayment[escrow.client] -= amount;
    }

    function _refund(address task, address client, uint256 amount) private {
        balanceOf[client] += amount;
        emit PaymentReleased(client, task, amount);
    }

    function _retain(address provider, uint256 amount) private {
        if (RETENTION_PERIOD == 0) {
            balanceOf[payeeOf(provider)] += amount;
            return;
        }
        _vest(provider);
        Retention storage retention = _retained[provider];
        retention.amount += uint128(amount);
        retention.since = uint64(block.timestamp);
        retention.until = uint64(block.timestamp + RETENTION_PERIOD);
    }

    function _vest(address provider) private {
        Retention storage retention = _retained[provider];
        uint256 vested = _vestedOf(retention);
        if (vested == 0) return;
        retention.amount -= uint128(vested);
        retention.since = uint64(block.timestamp);
        address account = payeeOf(provider);
        balanceOf[account] += vested;
        emit Vested(provider, account, vested);
    }

    function _vestedOf(Retention storage retention) private view returns (uint256) {
        if (block.timestamp >= retention.until) return retention.amount;
        if (block.timestamp <= retention.since) return 0;
        return (uint256(retention.amount) * (block.timestamp - retention.since)) / (retention.until - retention.since);
    }
}
