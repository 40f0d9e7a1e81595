// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {CloneArgs} from "./CloneArgs.sol";
import {FixedOwner} from "./FixedOwner.sol";
import {IResponse} from "./interfaces.sol";
import {DeliveryMethod, TaskParams, TaskStatus} from "./MarketTypes.sol";
import {Pages} from "./Pages.sol";

/// @title One task: what was asked, who tried, who answered, who won.
/// @notice Runs behind minimal proxies made by Controller. What never changes (source, client, price, …) lies in the
/// proxy's code (EIP-1167 with immutable arguments), which makes publishing cheap; what changes is one storage slot.
contract Task is FixedOwner {
    using CloneArgs for bytes;

    /// @dev Layout of the proxy's arguments.
    uint256 private constant SOURCE_AT = 0; // address
    uint256 private constant CLIENT_AT = 20; // address
    uint256 private constant POLICY_AT = 40; // uint64
    uint256 private constant EXPIRY_AT = 48; // uint64
    uint256 private constant PAYMENT_AT = 56; // uint96
    uint256 private constant METHOD_AT = 68; // uint8
    uint256 private constant CONFIG_AT = 69; // the rest

    /// @dev Attempts form a list from the last to the first, so that an attempt costs one new slot.
    struct Attempt {
        address previous;
        uint40 timestamp;
        uint32 id; // position plus one; zero: none
    }

    TaskStatus public status;
    uint32 private _attemptCount;
    /// @dev Who won; before the end of a MANUAL task who answered first.
    uint32 private _winnerId;
    bool private _implementation;
    address private _lastAttempter;

    mapping(address provider => Attempt) private _attemptOf;
    mapping(address provider => address response) public responseOf;
    mapping(bytes32 dataHash => bool submitted) private _submitted;

    constructor(TaskParams memory, DeliveryMethod, address nexus_) payable FixedOwner(nexus_) {
        require(msg.value == 0, "NoValue");
        status = TaskStatus.CANCELED;
        _implementation = true;
    }

    /// @notice Notes an attempt; NEW becomes ATTEMPTED. Nexus only; "AlreadyAttempted".
    function attempt(address provider) external onlyNexus {
        require(_attemptOf[provider].id == 0, "AlreadyAttempted");
        uint32 id = _attemptCount + 1;
        _attemptOf[provider] = Attempt(_lastAttempter, uint40(block.timestamp), id);
        _attemptCount = id;
        _lastAttempter = provider;
        if (status == TaskStatus.NEW) status = TaskStatus.ATTEMPTED;
    }

    /// @notice Binds a response to its provider; ATTEMPTED becomes RESPONDED. Nexus only; "NotAttempted",
    /// "AlreadyResponded".
    function submitResponse(address response, address provider) external onlyNexus {
        require(_attemptOf[provider].id != 0, "NotAttempted");
        require(responseOf[provider] == address(0), "AlreadyResponded");
        responseOf[provider] = response;
        if (status == TaskStatus.ATTEMPTED) status = TaskStatus.RESPONDED;
    }

    /// @notice Refuses a result URL that was submitted before.
    function noteSubmission(bytes32 dataHash) external onlyNexus {
        require(!_submitted[dataHash], "AlreadySubmitted");
        _submitted[dataHash] = true;
    }

    /// @notice Remembers who answered a MANUAL task first. Nexus only.
    function noteFirstAnswer(address provider) external onlyNexus {
        _winnerId = _attemptOf[provider].id;
    }

    /// @notice Ends the task with a winner. Nexus only.
    function finalizeWith(address provider) external onlyNexus {
        status = TaskStatus.FINALIZED;
        _winnerId = _attemptOf[provider].id;
    }

    /// @notice Writes a status that Nexus allowed. Nexus only.
    function setStatus(TaskStatus _status) external onlyNexus {
        status = _status;
    }

    /// @notice What the client asked for: source, link of the configuration, Unix second of the expiry, wei.
    function taskParams()
        external
        view
        returns (address source, string memory config, uint256 expiryTime, uint256 payment)
    {
        bytes memory args = _args();
        source = args.readAddress(SOURCE_AT);
        expiryTime = args.readUint(EXPIRY_AT, 8);
        payment = args.readUint(PAYMENT_AT, 12);
        config = args.readText(CONFIG_AT);
    }

    /// @notice What the other contracts need of a task, in one call.
    function facts()
        external
        view
        returns (
            address source,
            address client_,
            uint256 policyId_,
            uint256 expiryTime,
            uint256 payment,
            DeliveryMethod method,
            TaskStatus status_
        )
    {
        bytes memory args = _args();
        source = args.readAddress(SOURCE_AT);
        client_ = args.readAddress(CLIENT_AT);
        policyId_ = args.readUint(POLICY_AT, 8);
        expiryTime = args.readUint(EXPIRY_AT, 8);
        payment = args.readUint(PAYMENT_AT, 12);
        method = DeliveryMethod(args.readUint(METHOD_AT, 1));
        status_ = status;
    }

    /// @notice Who paid.
    function client() external view returns (address) {
        return _args().readAddress(CLIENT_AT);
    }

    /// @notice Zero: the plain lifecycle; else the PolicyRegistry's id under which the task is verified.
    function policyId() external view returns (uint256) {
        return _args().readUint(POLICY_AT, 8);
    }

    /// @notice How a plain task is answered.
    function deliveryMethod() public view returns (DeliveryMethod) {
        return DeliveryMethod(_args().readUint(METHOD_AT, 1));
    }

    /// @notice As `deliveryMethod`.
    function getDeliveryMethod() external view returns (DeliveryMethod) {
        return deliveryMethod();
    }

    /// @notice Source that the task was published under.
    function getSource() external view returns (address) {
        return _args().readAddress(SOURCE_AT);
    }

    /// @notice Wei that were escrowed when the task was published.
    function getPayment() external view returns (uint256) {
        return _args().readUint(PAYMENT_AT, 12);
    }

    /// @notice Unix second after which the task can be neither attempted nor answered.
    function getExpiryTime() external view returns (uint256) {
        return _args().readUint(EXPIRY_AT, 8);
    }

    /// @notice As `status`.
    function getStatus() external view returns (TaskStatus) {
        return status;
    }

    /// @notice Length of the list that `getAttempters` reads.
    function getAttemptCount() external view returns (uint256) {
        return _attemptCount;
    }

    /// @notice Key: keccak256 of the result's URL. A plain FIRST_RESPONSE task has at most one answer, which needs no note.
    function isAlreadySubmitted(bytes32 dataHash) external view returns (bool) {
        if (_submitted[dataHash]) return true;
        address response = responseOf[winningProvider()];
        return response != address(0) && keccak256(bytes(IResponse(response).getResponseParams().data)) == dataHash;
    }

    /// @notice Zero until the task is FINALIZED.
    function winningProvider() public view returns (address) {
        return status == TaskStatus.FINALIZED ? attempters(_winnerId - 1) : address(0);
    }

    /// @notice MANUAL tasks: the response that is confirmed when the client stays silent; once the task ended, the winner's.
    function firstResponse() external view returns (address) {
        return _winnerId == 0 ? address(0) : responseOf[attempters(_winnerId - 1)];
    }

    /// @notice Position of a provider among the attempters plus one; zero: it did not attempt.
    function attempterId(address provider) public view returns (uint256) {
        return _attemptOf[provider].id;
    }

    /// @notice As `attempterId`.
    function getAttempterId(address provider) external view returns (uint256) {
        return attempterId(provider);
    }

    /// @notice Attempter at a position from zero; Panic(0x32) beyond the end.
    function attempters(uint256 index) public view returns (address) {
        return getAttempters(index, index)[0];
    }

    /// @notice Unix second of the attempt at a position from zero; Panic(0x32) beyond the end.
    function attemptTimestamps(uint256 index) external view returns (uint256) {
        return _attemptOf[attempters(index)].timestamp;
    }

    /// @notice Attempters at `lower` to `upper`, both included, in the order of their attempts; Panic(0x32) beyond the end.
    /// @dev They are found by walking back from the last one.
    function getAttempters(uint256 lower, uint256 upper) public view returns (address[] memory page) {
        page = new address[](Pages.size(lower, upper, _attemptCount));
        if (page.length == 0) return page;
        address provider = _lastAttempter;
        for (uint256 i = _attemptCount - 1; i > upper; i--) provider = _attemptOf[provider].previous;
        for (uint256 i = page.length; i > 0; i--) {
            page[i - 1] = provider;
            provider = _attemptOf[provider].previous;
        }
    }

    /// @notice When the attempters of the same page attempted, in Unix seconds.
    function getAttemptTimestamps(uint256 lower, uint256 upper) external view returns (uint256[] memory page) {
        address[] memory providers = getAttempters(lower, upper);
        page = new uint256[](providers.length);
        for (uint256 i = 0; i < page.length; i++) page[i] = _attemptOf[providers[i]].timestamp;
    }

    /// @notice Responses of the attempters of the same page; zero where one has not answered.
    function getResponsesOf(uint256 lower, uint256 upper) external view returns (address[] memory page) {
        page = getAttempters(lower, upper);
        for (uint256 i = 0; i < page.length; i++) page[i] = responseOf[page[i]];
    }

    /// @dev The implementation itself has no arguments: everything reads as zero there.
    function _args() private view returns (bytes memory) {
        if (_implementation) return new bytes(CONFIG_AT);
        return Clones.fetchCloneArgs(address(this));
    }
}
