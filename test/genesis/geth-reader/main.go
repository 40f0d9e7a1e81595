// Reads genesis files with go-ethereum's own code and prints, for each, the chain id, the hash and the state root of block 0.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/ethereum/go-ethereum/core"
)

func main() {
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			fail(path, err)
		}
		genesis := new(core.Genesis)
		if err := json.Unmarshal(text, genesis); err != nil {
			fail(path, err)
		}
		if err := genesis.Config.CheckConfigForkOrder(); err != nil {
			fail(path, err)
		}
		block := genesis.ToBlock()
		fmt.Println(genesis.Config.ChainID, block.Hash().Hex(), block.Root().Hex())
	}
}

func fail(path string, err error) {
	fmt.Fprintln(os.Stderr, path+":", err)
	os.Exit(1)
}
