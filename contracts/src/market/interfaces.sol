// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {DeliveryMethod, ResponseParams, ResponseStatus, SourceParams, SourceStatus, TaskStatus} from "./MarketTypes.sol";

/// @dev What the market's contracts call on each other. Users see the contracts' own ABIs.
interface IRoles {
    function hasRole(bytes32 role, address account) external view returns (bool);
    function grantRole(bytes32 role, address account) external;
    function revokeRole(bytes32 role, address account) external;
}

interface ISource {
    function initialize(SourceParams calldata params) external;
    function client() external view returns (address);
    function status() external view returns (SourceStatus);
    function terms()
        external
        view
        returns (
            address client,
            SourceStatus status,
            DeliveryMethod method,
            uint256 minPayment,
            uint256 maxExpiryDuration
        );
    function admission() external view returns (SourceStatus status, uint8 environments, uint256 minLockup);
    function registrantId(address provider) external view returns (uint256);
    function getRegistrantCount() external view returns (uint256);
    function getRegistrants(uint256 lower, uint256 upper) external view returns (address[] memory);
    function register(address provider, uint8 environment) external returns (uint256);
    function unregister(address provider) external;
    function setSourceParams(SourceParams calldata params) external;
    function setStatus(SourceStatus status) external;
    function publishTask(address task) external;
}

interface ITask {
    function status() external view returns (TaskStatus);
    function client() external view returns (address);
    function policyId() external view returns (uint256);
    function getSource() external view returns (address);
    function getPayment() external view returns (uint256);
    function getExpiryTime() external view returns (uint256);
    function facts()
        external
        view
        returns (
            address source,
            address client,
            uint256 policyId,
            uint256 expiryTime,
            uint256 payment,
            DeliveryMethod method,
            TaskStatus status
        );
    function attempterId(address provider) external view returns (uint256);
    function responseOf(address provider) external view returns (address);
    function firstResponse() external view returns (address);
    function isAlreadySubmitted(bytes32 dataHash) external view returns (bool);
    function attempt(address provider) external;
    function submitResponse(address response, address provider) external;
    function noteSubmission(bytes32 dataHash) external;
    function noteFirstAnswer(address provider) external;
    function finalizeWith(address provider) external;
    function setStatus(TaskStatus status) external;
}

interface IResponse {
    function status() external view returns (ResponseStatus);
    function getResponseParams() external view returns (ResponseParams memory);
    function taskAndProvider() external view returns (address task, address provider, uint256 payment);
    function confirm() external;
    function setStatus(ResponseStatus status) external;
}

interface ITerminal {
    function isProvider(address account) external view returns (bool);
    function masterOf(address provider) external view returns (address);
    function isAgentOf(address principal, address agent) external view returns (bool);
    function canActFor(address provider, address caller) external view returns (bool);
}

interface INexus {
    function sourceId(address source) external view returns (uint256);
    function emitTaskPublished(address task, address source) external;
    function setTaskStatus(address task, TaskStatus status) external;
    function setResponseStatus(address response, ResponseStatus status) external;
    function setStatusAsClient(SourceStatus status) external;
    function expireTask(address task) external;
    function confirmAs(address response) external returns (address task, address provider, uint256 payment);
    function attemptFor(address task, address provider, uint256 payment) external;
    function respondFor(address task, address provider, string calldata data, uint256 payment)
        external
        returns (address response);
    function registrationsOf(address provider) external view returns (uint256);
}

struct Payout {
    address account;
    uint96 amount;
    bool earned; // counts as earnings of a provider, paid to its master's side and retained
}

interface IVault {
    function escrowOf(address task) external view returns (address client, uint256 amount);
    function freezePayment(address client, address task, uint256 amount) external;
    function releasePayment(address client, address task) external;
    function processPayment(address client, address provider, address task, uint256 amount) external;
    function settle(address task, Payout[] calldata payouts) external returns (uint256 paid, uint256 refunded);
    function payPart(address task, Payout[] calldata payouts) external returns (uint256 paid);
    function isEligible(address account) external view returns (bool);
    function MIN_LOCKUP_PER_SOURCE() external view returns (uint256);
    function lockupOf(address account) external view returns (uint256);
    function reservedOf(address account) external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    function depositLockup(address account) external payable;
    function reserve(address account, uint256 amount) external;
    function release(address account, uint256 amount) external;
    function sanction(address account, uint256 amount) external;
    function forfeitRetained(address account) external returns (uint256 amount);
    function withdrawSanctionOf(address account) external;
    function transfer(address to, uint256 amount) external;
    function burn(uint256 amount) external;
}

interface IPolicyIds {
    function policyIdOf(address source) external view returns (uint256);
}
