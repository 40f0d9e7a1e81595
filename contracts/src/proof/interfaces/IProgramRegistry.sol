// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev How results of a program are compared. The numbers are part of the wire format.
/// EXACT_INT: integer arithmetic only, equal bits everywhere, digests must be equal.
/// TOLERANT_FP: floating point, a committee of auditors judges by thresholds.
/// TEE_ONLY, ZK: attested or proven, digests must be equal when replicated.
/// OPAQUE: container, rendering, transcoding: a committee judges.
enum ProgramClass {
    EXACT_INT,
    TOLERANT_FP,
    TEE_ONLY,
    ZK,
    OPAQUE
}

/// @title What may be verified: programs named by the hash of everything that determines their output.
interface IProgramRegistry {
    /// @notice Everything that determines a program's output, and who registered it.
    struct Program {
        ProgramClass class;
        bytes32 graphRoot; // Merkle root over the operators in topological order
        bytes32 weightsRoot; // Merkle root over the weights' words
        bytes32 tokenizerHash; // zero when there is none
        bytes32 decodeSpecHash; // sampler, stop rules; zero when there are none
        bytes32 opset; // name and version of the operator set, e.g. "IntOps v1" in UTF-8
        address registrant;
        uint64 registeredAt; // block number
    }

    /// @notice A program was registered for the first time.
    /// @param meta for people; only here
    event ProgramRegistered(
        bytes32 indexed programId,
        address indexed registrant,
        ProgramClass class,
        bytes32 graphRoot,
        bytes32 weightsRoot,
        string meta
    );

    /// @notice Evidence against results of `class` is judged by `verifier` from now on; zero: by nobody.
    event FaultVerifierSet(ProgramClass indexed class, address verifier);

    /// @notice No program has this id.
    error ProgramUnknown(bytes32 programId);

    /// @notice `register` without a `graphRoot`.
    error ProgramRootMissing();

    /// @notice Registers a program. Anybody. Registering the same content again changes nothing and returns its id.
    /// ProgramRootMissing, MetaTooLong.
    /// @param class how results are compared
    /// @param graphRoot Merkle root over the operators in topological order; not zero
    /// @param weightsRoot Merkle root over the weights' words
    /// @param tokenizerHash zero when there is none
    /// @param decodeSpecHash sampler and stop rules; zero when there are none
    /// @param opset name and version of the operator set in UTF-8
    /// @param meta URL or short text for people (not part of the id; at most 1,024 bytes)
    /// @return programId `keccak256(abi.encode(class, graphRoot, weightsRoot, tokenizerHash, decodeSpecHash, opset))`
    function register(
        ProgramClass class,
        bytes32 graphRoot,
        bytes32 weightsRoot,
        bytes32 tokenizerHash,
        bytes32 decodeSpecHash,
        bytes32 opset,
        string calldata meta
    ) external returns (bytes32 programId);

    /// @notice The program with this id; ProgramUnknown when there is none.
    function program(bytes32 programId) external view returns (Program memory);

    /// @notice True when the id was registered.
    function exists(bytes32 programId) external view returns (bool);

    /// @notice Class of a program; ProgramUnknown when there is none.
    function classOf(bytes32 programId) external view returns (ProgramClass);

    /// @notice Length of the list that `programs` reads.
    function programCount() external view returns (uint256);

    /// @notice Ids in order of registration, a page.
    /// @param lower first position, from zero
    /// @param upper last position, itself in the page; Panic(0x32) at or beyond the end
    function programs(uint256 lower, uint256 upper) external view returns (bytes32[] memory);

    /// @notice Contract that judges fault evidence for `class` (IFaultVerifier); zero when the class has none.
    function faultVerifierOf(ProgramClass class) external view returns (address);
}
