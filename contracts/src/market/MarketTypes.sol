// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev The numbers of these enums and the order of the structs' fields are the published wire format.
enum TaskStatus {
    NEW,
    ATTEMPTED,
    RESPONDED,
    CANCELED,
    EXPIRED,
    FINALIZED
}

/// @notice ACTIVE: takes tasks and registrants; INACTIVE: for ever neither.
enum SourceStatus {
    ACTIVE,
    INACTIVE
}

/// @notice CONFIRMED: paid.
enum ResponseStatus {
    SUBMITTED,
    CONFIRMED
}

/// @notice MANUAL_CONFIRMATION: the client picks an answer; FIRST_RESPONSE: the first one is paid as it comes.
enum DeliveryMethod {
    MANUAL_CONFIRMATION,
    FIRST_RESPONSE
}

/// @notice Terms of a source. Payments and lockups in wei.
struct SourceParams {
    address client;
    string imageMetadataUrl;
    uint8 imageEnvironments; // bits: CPU 1, NVIDIA 2, AMD 4
    uint256 minPayment;
    uint256 minAvailableLockup;
    uint256 maxExpiryDuration; // seconds
    bool privacyEnabled; // reserved
    string optionalParamsUrl; // reserved
    DeliveryMethod deliveryMethod;
    uint256 lastUpdateTime; // unix seconds; written by Nexus
}

/// @notice What a client asks for.
struct TaskParams {
    address source;
    string config; // URL of the task's JSON
    uint256 expiryTime; // unix seconds
    uint256 payment; // wei
}

/// @notice What a provider answers.
struct ResponseParams {
    address task;
    address provider;
    string data; // URL of the result
    uint256 payment; // wei asked for
}

/// @dev Bound of what clients write, so that no state grows without limit.
uint256 constant TEXT_BYTES_MAX = 8_192;
