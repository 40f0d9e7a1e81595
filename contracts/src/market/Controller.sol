// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {INexus, IPolicyIds, IResponse, ISource, ITask, ITerminal, IVault} from "./interfaces.sol";
import {
    DeliveryMethod, ResponseStatus, SourceStatus, TaskParams, TaskStatus, TEXT_BYTES_MAX
} from "./MarketTypes.sol";
import {Predeploys} from "../system/Predeploys.sol";
import {Rewiring} from "./Rewiring.sol";

/// @title What clients do with tasks: publish, cancel, confirm.
contract Controller is Ownable, Rewiring {
    /// @notice Seconds after a MANUAL task's expiry in which only its client may choose; then the first answer is paid.
    uint256 public constant SILENCE_PERIOD = 1 days;

    address public nexus;
    address public terminal;
    address public vault;
    /// @notice How a MANUAL task pays. False: what the confirmed response asks for, at most the payment, the rest goes
    /// back (price bidding); true: the whole payment.
    bool public manualPaysAll;

    /// @notice The timelock chose how MANUAL tasks pay (`manualPaysAll`).
    event ManualPaysAllSet(bool value);

    constructor(address _nexus, address _terminal, address _vault) Ownable(msg.sender) {
        nexus = _nexus;
        terminal = _terminal;
        vault = _vault;
    }

    /// @notice Makes a task under a source and freezes its payment. The client is the sender; an agent of the source's
    /// client publishes for that client.
    function publishTask(TaskParams calldata _taskParams) external {
        address source = _taskParams.source;
        require(INexus(nexus).sourceId(source) != 0, "UnknownSource");
        (address client, SourceStatus status, DeliveryMethod method, uint256 minPayment, uint256 maxExpiryDuration) =
            ISource(source).terms();
        require(status == SourceStatus.ACTIVE, "SourceInactive");
        if (client != msg.sender && !ITerminal(terminal).isAgentOf(client, msg.sender)) client = msg.sender;
        require(_taskParams.payment >= minPayment, "PaymentTooSmall");
        require(_taskParams.payment <= type(uint96).max, "PaymentTooLarge");
        uint256 expiryTime = _taskParams.expiryTime;
        require(expiryTime > block.timestamp && expiryTime <= type(uint40).max, "ExpiryOutOfRange");
        require(expiryTime - block.timestamp <= maxExpiryDuration, "ExpiryOutOfRange");
        require(bytes(_taskParams.config).length <= TEXT_BYTES_MAX, "TextTooLong");

        uint256 policyId = IPolicyIds(Predeploys.POLICY_REGISTRY).policyIdOf(source);
        address task = Clones.cloneWithImmutableArgs(
            Predeploys.TASK_IMPLEMENTATION,
            abi.encodePacked(
                source,
                client,
                uint64(policyId),
                uint64(expiryTime),
                uint96(_taskParams.payment),
                method,
                _taskParams.config
            )
        );
        IVault(vault).freezePayment(client, task, _taskParams.payment);
        INexus(nexus).emitTaskPublished(task, source);
    }

    /// @notice Takes a task back before anybody attempted it; the escrow is released. Task's client only.
    function cancelTask(address task) external {
        address client = _clientOf(task);
        require(msg.sender == client, "NotOwner");
        require(ITask(task).status() == TaskStatus.NEW, "AlreadyFinalized");
        INexus(nexus).setTaskStatus(task, TaskStatus.CANCELED);
        IVault(vault).releasePayment(client, task);
    }

    /// @notice Accepts one response and pays. Task's client or an agent of it.
    function confirmResponse(address response) external {
        address task = _taskOf(response);
        address client = _clientOf(task);
        require(msg.sender == client || ITerminal(terminal).isAgentOf(client, msg.sender), "NotOwner");
        require(IResponse(response).status() != ResponseStatus.CONFIRMED, "AlreadyConfirmed");
        _pay(response, client);
    }

    /// @notice Pays the first answer of a MANUAL task whose client stayed silent until a day after the expiry. Anybody.
    function settleSilent(address task) external {
        address client = _clientOf(task);
        require(block.timestamp > ITask(task).getExpiryTime() + SILENCE_PERIOD, "TaskRunning");
        address response = ITask(task).firstResponse();
        require(response != address(0), "UnknownResponse");
        _pay(response, client);
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setNexus(address _nexus) external onlyOwner {
        if (_rewireContract("nexus", _nexus)) nexus = _nexus;
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setTerminal(address _terminal) external onlyOwner {
        if (_rewireContract("terminal", _terminal)) terminal = _terminal;
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setVault(address _vault) external onlyOwner {
        if (_rewireContract("vault", _vault)) vault = _vault;
    }

    /// @notice Timelock. Also counts for tasks that exist and are not confirmed yet.
    function setManualPaysAll(bool value) external onlyOwner {
        manualPaysAll = value;
        emit ManualPaysAllSet(value);
    }

    /// @dev The escrow record, not the task itself, says who the client is; foreign contracts have none.
    function _clientOf(address task) private view returns (address client) {
        (client,) = IVault(vault).escrowOf(task);
        require(client != address(0), "UnknownTask");
    }

    /// @dev What an address says of itself; other contracts than responses say nothing that is understood.
    function _taskOf(address response) private view returns (address) {
        (bool answered, bytes memory answer) = response.staticcall(abi.encodeCall(IResponse.taskAndProvider, ()));
        require(answered && answer.length == 96, "UnknownResponse");
        (uint256 task,,) = abi.decode(answer, (uint256, uint256, uint256));
        return address(uint160(task));
    }

    function _pay(address response, address client) private {
        (address task,,) = IResponse(response).taskAndProvider();
        TaskStatus status = ITask(task).status();
        require(status != TaskStatus.FINALIZED, "AlreadyFinalized");
        require(status == TaskStatus.RESPONDED && ITask(task).policyId() == 0, "TaskRunning");
        (, address provider, uint256 asked) = INexus(nexus).confirmAs(response);
        uint256 payment = ITask(task).getPayment();
        if (!manualPaysAll && asked < payment) payment = asked;
        IVault(vault).processPayment(client, provider, task, payment);
    }
}
