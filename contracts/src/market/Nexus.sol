// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IResponse, IRoles, ISource, ITask, ITerminal, IVault} from "./interfaces.sol";
import {
    DeliveryMethod,
    ResponseParams,
    ResponseStatus,
    SourceParams,
    SourceStatus,
    TaskStatus,
    TEXT_BYTES_MAX
} from "./MarketTypes.sol";
import {Pages} from "./Pages.sol";
import {Rewiring} from "./Rewiring.sol";
import {CONTROLLER_ROLE, PROVIDER_ROLE} from "./Roles.sol";
import {Predeploys} from "../system/Predeploys.sol";

/// @title Sources, registrations, attempts and answers; every event of the market comes from here.
/// @notice Plain tasks only need this contract and the Controller. Tasks under a verification policy are attempted and
/// answered by the ProofManager through `attemptFor` and `respondFor`.
contract Nexus is Ownable, Rewiring {
    using Pages for address[];

    bytes32 public constant CONTROLLER = CONTROLLER_ROLE;
    bytes32 public constant PROVIDER = PROVIDER_ROLE;

    uint8 private constant ENVIRONMENTS = 7;

    address public manager;
    address public terminal;
    address public vault;

    address[] public sources;
    /// @notice Position in `sources` plus one; zero: not a source of this market.
    mapping(address source => uint256 id) public sourceId;
    mapping(address client => address[]) public sourcesOf;
    mapping(address client => uint256 count) public activeSourceCountOf;
    address[] public clients;
    /// @notice Sources that a provider is registered on; each needs `Vault.MIN_LOCKUP_PER_SOURCE`.
    mapping(address provider => uint256 count) public registrationsOf;

    /// @notice A client published a source.
    event SourcePublished(address source);
    /// @notice The client replaced the terms; `lastUpdateTime` is this block's.
    event SourceUpdated(address source, SourceParams sourceParams);
    /// @notice A source was inactivated.
    event SourceStatusChanged(address source, SourceStatus status);
    /// @notice `provider` is on the list of `source` with this id, for one environment bit.
    event Registered(address provider, uint256 registrantId, address source, uint8 preferredEnvironment);
    /// @notice `provider` is off the list of `source`. Not in the published ABI.
    event Unregistered(address indexed provider, address indexed source);
    /// @notice A task was published and its payment frozen.
    event TaskPublished(address task, address source);
    /// @notice `provider` attempted a task, or took a seat of a policy task.
    /// @param suggestedPayment wei, as the provider says; policy tasks: what a paid seat earns
    event Attempted(address task, address provider, uint256 suggestedPayment);
    /// @notice A provider answered.
    event ResponseSubmitted(address response, address task);
    /// @notice Every change of a task's status, also those that another event shows.
    event TaskStatusChanged(address task, TaskStatus status);
    /// @notice A response was confirmed.
    event ResponseStatusChanged(address response, ResponseStatus status);

    modifier onlyController() {
        require(checkController(msg.sender), "NotAuthorized");
        _;
    }

    constructor(address _manager, address _terminal, address _vault) Ownable(msg.sender) {
        manager = _manager;
        terminal = _terminal;
        vault = _vault;
    }

    // ---------------------------------------------------------------- sources

    /// @notice Makes a source. The sender is `client` itself or an agent that the client allowed.
    function publishSource(SourceParams calldata _sourceParams) external {
        address client = _sourceParams.client;
        require(
            client == msg.sender || (client != address(0) && ITerminal(terminal).isAgentOf(client, msg.sender)),
            "NotOwner"
        );
        _checkSource(_sourceParams);
        address source = Clones.clone(Predeploys.SOURCE_IMPLEMENTATION);
        SourceParams memory params = _sourceParams;
        params.lastUpdateTime = block.timestamp;
        ISource(source).initialize(params);

        sources.push(source);
        sourceId[source] = sources.length;
        if (sourcesOf[client].length == 0) clients.push(client);
        sourcesOf[client].push(source);
        activeSourceCountOf[client] += 1;
        emit SourcePublished(source);
    }

    /// @notice Replaces the terms of an active source; tasks that exist keep the old ones. The client stays the same.
    function updateSource(address source, SourceParams calldata _sourceParams) external {
        _requireClient(source);
        require(ISource(source).status() == SourceStatus.ACTIVE, "SourceInactive");
        require(_sourceParams.client == msg.sender, "ClientFixed");
        _checkSource(_sourceParams);
        SourceParams memory params = _sourceParams;
        params.lastUpdateTime = block.timestamp;
        ISource(source).setSourceParams(params);
        emit SourceUpdated(source, params);
    }

    /// @notice Ends a source: no new tasks, no new registrations; tasks that exist go on. For ever. The client only;
    /// "NotOwner", "UnknownSource".
    function inactivateSource(address source) external {
        _requireClient(source);
        _setSourceStatus(source, SourceStatus.INACTIVE);
    }

    /// @notice CONTROLLER. An inactive source stays so.
    function setSourceStatus(address source, SourceStatus status) external onlyController {
        require(sourceId[source] != 0, "UnknownSource");
        _setSourceStatus(source, status);
    }

    /// @notice A source passes on its client's `setStatus`.
    function setStatusAsClient(SourceStatus status) external {
        require(sourceId[msg.sender] != 0, "UnknownSource");
        _setSourceStatus(msg.sender, status);
    }

    /// @notice Puts a provider on a source's list for one environment. By the provider, its master or an agent.
    function register(address source, address provider, uint8 preferredEnvironment) external {
        require(sourceId[source] != 0, "UnknownSource");
        require(ITerminal(terminal).canActFor(provider, msg.sender), "NotProvider");
        (SourceStatus status, uint8 environments, uint256 minLockup) = ISource(source).admission();
        require(status == SourceStatus.ACTIVE, "SourceInactive");
        uint8 bit = preferredEnvironment;
        require(bit != 0 && bit & (bit - 1) == 0 && bit & environments == bit, "BadEnvironment");
        require(IVault(vault).isEligible(provider), "NotEligible");
        uint256 lockup = IVault(vault).lockupOf(provider);
        uint256 registrations = registrationsOf[provider] + 1;
        require(lockup >= minLockup, "InsufficientLockup");
        require(
            lockup >= registrations * IVault(vault).MIN_LOCKUP_PER_SOURCE() || _isWhitelisted(provider),
            "InsufficientLockup"
        );
        registrationsOf[provider] = registrations;
        uint256 id = ISource(source).register(provider, bit);
        emit Registered(provider, id, source, bit);
    }

    /// @notice Takes a provider off a source's list; attempts on record go on. By the provider, its master or an agent,
    /// also when the pairing ended; "NotProvider", "UnknownSource", "NotRegistered".
    function unregister(address source, address provider) external {
        require(sourceId[source] != 0, "UnknownSource");
        require(msg.sender == provider || ITerminal(terminal).canActFor(provider, msg.sender), "NotProvider");
        ISource(source).unregister(provider);
        registrationsOf[provider] -= 1;
        emit Unregistered(provider, source);
    }

    // ---------------------------------------------------------------- tasks

    /// @notice CONTROLLER: lists a new task at its source and makes the log that clients wait for.
    function emitTaskPublished(address task, address source) external onlyController {
        ISource(source).publishTask(task);
        emit TaskPublished(task, source);
    }

    /// @notice Claims a plain task for `provider`. After the expiry the task becomes EXPIRED instead and is refunded.
    function attempt(address task, address provider, uint256 suggestedPayment) external {
        require(ITerminal(terminal).canActFor(provider, msg.sender), "NotProvider");
        (address source,, uint256 policyId, uint256 expiryTime,,, TaskStatus status) = _facts(task);
        require(policyId == 0, "PolicyTask");
        _requireOpen(status);
        if (block.timestamp > expiryTime && status != TaskStatus.RESPONDED) {
            _expire(task);
            return;
        }
        require(block.timestamp <= expiryTime, "Expired");
        _recordAttempt(task, source, provider, suggestedPayment, status);
    }

    /// @notice Answers a plain task; `data` is the URL of the result. FIRST_RESPONSE: pays the whole payment and ends.
    function submitResponse(ResponseParams calldata _responseParams) external {
        address task = _responseParams.task;
        address provider = _responseParams.provider;
        require(msg.sender == provider || ITerminal(terminal).canActFor(provider, msg.sender), "NotProvider");
        (, address client, uint256 policyId, uint256 expiryTime, uint256 payment, DeliveryMethod method, TaskStatus status) =
            _facts(task);
        require(policyId == 0, "PolicyTask");
        _requireOpen(status);
        require(block.timestamp <= expiryTime, "Expired");

        bool first = method == DeliveryMethod.FIRST_RESPONSE;
        address response = _respond(task, provider, _responseParams.data, _responseParams.payment, first, first);
        if (first) {
            _finalize(response, task, provider);
            IVault(vault).processPayment(client, provider, task, payment);
        } else if (status == TaskStatus.ATTEMPTED) {
            ITask(task).noteFirstAnswer(provider);
            emit TaskStatusChanged(task, TaskStatus.RESPONDED);
        }
    }

    /// @notice Ends a plain task, or a policy task that nobody accepted, after its expiry without an answer. Anybody.
    function expireTask(address task) external {
        (,, uint256 policyId, uint256 expiryTime,,, TaskStatus status) = _facts(task);
        _requireOpen(status);
        require(status != TaskStatus.RESPONDED, "TaskRunning");
        require(policyId == 0 || status == TaskStatus.NEW, "PolicyTask");
        require(block.timestamp > expiryTime, "TaskRunning");
        _expire(task);
    }

    /// @notice CONTROLLER. Only what the lifecycle allows: NEW to CANCELED, a policy task to RESPONDED or, for another
    /// try, back to ATTEMPTED, and an open task to EXPIRED when it is too late or when its ProofManager gave it up.
    function setTaskStatus(address task, TaskStatus status) external onlyController {
        (,, uint256 policyId, uint256 expiryTime,,, TaskStatus current) = _facts(task);
        _requireOpen(current);
        bool allowed = (status == TaskStatus.CANCELED && current == TaskStatus.NEW)
            || (status == TaskStatus.RESPONDED && policyId != 0)
            || (status == TaskStatus.ATTEMPTED && policyId != 0 && current == TaskStatus.RESPONDED)
            || (status == TaskStatus.EXPIRED && (policyId != 0 || block.timestamp > expiryTime));
        require(allowed, "BadTransition");
        ITask(task).setStatus(status);
        emit TaskStatusChanged(task, status);
    }

    /// @notice CONTROLLER. Confirmation goes through `confirmAs` and is final; so this can only repeat the present status.
    function setResponseStatus(address response, ResponseStatus status) external onlyController {
        _genuine(response);
        IResponse(response).setStatus(status);
        emit ResponseStatusChanged(response, status);
    }

    /// @notice CONTROLLER: confirms a response of a RESPONDED task and finalizes the task.
    function confirmAs(address response)
        external
        onlyController
        returns (address task, address provider, uint256 payment)
    {
        (task, provider, payment) = _genuine(response);
        IResponse(response).confirm();
        _finalize(response, task, provider);
    }

    /// @notice CONTROLLER: the ProofManager records a seat as an attempt.
    function attemptFor(address task, address provider, uint256 payment) external onlyController {
        (address source,, uint256 policyId,,,, TaskStatus status) = _facts(task);
        require(policyId != 0, "PlainTask");
        _requireOpen(status);
        _recordAttempt(task, source, provider, payment, status);
    }

    /// @notice CONTROLLER: the ProofManager publishes a settled seat's response; the first one finalizes the task.
    function respondFor(address task, address provider, string calldata data, uint256 payment)
        external
        onlyController
        returns (address response)
    {
        (,, uint256 policyId,,,, TaskStatus status) = _facts(task);
        require(policyId != 0, "PlainTask");
        bool first = status != TaskStatus.FINALIZED;
        response = _respond(task, provider, data, payment, first, false);
        if (first) _finalize(response, task, provider);
    }

    // ---------------------------------------------------------------- wiring and views

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setManager(address _manager) external onlyOwner {
        if (_rewireContract("manager", _manager)) manager = _manager;
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setTerminal(address _terminal) external onlyOwner {
        if (_rewireContract("terminal", _terminal)) terminal = _terminal;
    }

    /// @notice Timelock, with notice (Rewiring); "NotContract", "NoticeRunning".
    function setVault(address _vault) external onlyOwner {
        if (_rewireContract("vault", _vault)) vault = _vault;
    }

    /// @notice True when `account` holds the CONTROLLER role.
    function checkController(address account) public view returns (bool) {
        return IRoles(manager).hasRole(CONTROLLER_ROLE, account);
    }

    /// @notice Sources of `client` that are ACTIVE.
    function getActiveSourceCount(address client) external view returns (uint256) {
        return activeSourceCountOf[client];
    }

    /// @notice Length of the list that `getSources` reads.
    function getSourceCount() external view returns (uint256) {
        return sources.length;
    }

    /// @notice As `sourceId`.
    function getSourceId(address source) external view returns (uint256) {
        return sourceId[source];
    }

    /// @notice Sources number `lower` to `upper`, both included, oldest first; Panic(0x32) beyond the end.
    function getSources(uint256 lower, uint256 upper) external view returns (address[] memory) {
        return sources.slice(lower, upper);
    }

    // ---------------------------------------------------------------- inside

    function _checkSource(SourceParams calldata params) private pure {
        require(params.imageEnvironments != 0 && params.imageEnvironments <= ENVIRONMENTS, "BadEnvironment");
        require(
            bytes(params.imageMetadataUrl).length <= TEXT_BYTES_MAX
                && bytes(params.optionalParamsUrl).length <= TEXT_BYTES_MAX,
            "TextTooLong"
        );
    }

    function _requireClient(address source) private view {
        require(sourceId[source] != 0, "UnknownSource");
        require(ISource(source).client() == msg.sender, "NotOwner");
    }

    function _setSourceStatus(address source, SourceStatus status) private {
        SourceStatus current = ISource(source).status();
        if (current == status) return;
        ISource(source).setStatus(status);
        activeSourceCountOf[ISource(source).client()] -= 1;
        emit SourceStatusChanged(source, status);
    }

    function _isWhitelisted(address provider) private view returns (bool) {
        return IWhitelist(vault).isWhitelisted(provider);
    }

    /// @dev Only tasks that the Controller made have an escrow record; nothing is asked of any other address.
    function _facts(address task)
        private
        view
        returns (address, address, uint256, uint256, uint256, DeliveryMethod, TaskStatus)
    {
        (address client,) = IVault(vault).escrowOf(task);
        require(client != address(0), "UnknownTask");
        return ITask(task).facts();
    }

    /// @dev A response is genuine when its task is, and the task knows it.
    function _genuine(address response) private view returns (address task, address provider, uint256 payment) {
        require(response.code.length > 0, "UnknownResponse");
        (task, provider, payment) = IResponse(response).taskAndProvider();
        (address client,) = IVault(vault).escrowOf(task);
        require(client != address(0) && ITask(task).responseOf(provider) == response, "UnknownResponse");
    }

    function _requireOpen(TaskStatus status) private pure {
        require(status != TaskStatus.FINALIZED && status != TaskStatus.CANCELED, "AlreadyFinalized");
        require(status != TaskStatus.EXPIRED, "Expired");
    }

    function _recordAttempt(address task, address source, address provider, uint256 payment, TaskStatus status)
        private
    {
        require(ISource(source).registrantId(provider) != 0, "NotEligible");
        require(IVault(vault).isEligible(provider), "NotEligible");
        ITask(task).attempt(provider);
        emit Attempted(task, provider, payment);
        if (status == TaskStatus.NEW) emit TaskStatusChanged(task, TaskStatus.ATTEMPTED);
    }

    /// @param confirmed the response is born confirmed, which saves writing that later
    /// @param single no other answer can come, so that there is nothing to compare it with
    function _respond(
        address task,
        address provider,
        string calldata data,
        uint256 payment,
        bool confirmed,
        bool single
    ) private returns (address response) {
        require(bytes(data).length <= TEXT_BYTES_MAX, "TextTooLong");
        if (payment > type(uint96).max) payment = type(uint96).max;
        response = Clones.cloneWithImmutableArgs(
            Predeploys.RESPONSE_IMPLEMENTATION,
            abi.encodePacked(task, provider, uint96(payment), uint40(block.timestamp), confirmed, data)
        );
        ITask(task).submitResponse(response, provider);
        if (!single) ITask(task).noteSubmission(keccak256(bytes(data)));
        emit ResponseSubmitted(response, task);
    }

    function _finalize(address response, address task, address provider) private {
        ITask(task).finalizeWith(provider);
        emit ResponseStatusChanged(response, ResponseStatus.CONFIRMED);
        emit TaskStatusChanged(task, TaskStatus.FINALIZED);
    }

    function _expire(address task) private {
        ITask(task).setStatus(TaskStatus.EXPIRED);
        emit TaskStatusChanged(task, TaskStatus.EXPIRED);
        (address client,) = IVault(vault).escrowOf(task);
        IVault(vault).releasePayment(client, task);
    }
}

/// @dev The Vault's list of providers that need no stake.
interface IWhitelist {
    /// @notice True when the timelock put `account` on the list.
    function isWhitelisted(address account) external view returns (bool);
}
