package sample_test

import (
	"bytes"
	"fmt"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/sample"
)

func ExampleParse() {
	for _, text := range []string{
		`float32[1,3,224,224]`,
		`input_ids: int64[1, 128] = randint(0, 1000)`,
		`image:@image.npy`,
		`bfloat16[8]=@"my image.npy"`,
		`images:[float32[3,224,224], float32[3,256,256]=zeros]`,
		`batch:{"input_ids": int64[1,128], "labels": (int64[1], none)}`,
		`times:int=3`,
		`mode:str=sum`,
	} {
		spec, err := sample.Parse(text)
		fmt.Println(spec, err)
	}
	// Output:
	// float32[1,3,224,224] <nil>
	// input_ids:int64[1,128]=randint(0,1000) <nil>
	// image:@image.npy <nil>
	// bfloat16[8]=@"my image.npy" <nil>
	// images:[float32[3,224,224], float32[3,256,256]=zeros] <nil>
	// batch:{"input_ids": int64[1,128], "labels": (int64[1], none)} <nil>
	// times:int=3 <nil>
	// mode:str=sum <nil>
}

func ExampleParse_error() {
	_, err := sample.Parse("input_ids:int64[1,128")
	fmt.Println(err)
	// Output:
	// sample "input_ids:int64[1,128": column 22: expected "," or "]", but the text ends; an example: "float32[1,3,224,224]"
}

var bert = []protocol.Argument{
	{Name: "input_ids", Type: "Tensor"},
	{Name: "attention_mask", Type: "Tensor"},
}

func ExampleBuild_derived() {
	settings := sample.Settings{MaxLength: 150, MaxLengthSource: "setup_config.json", SaveMode: "torchscript"}
	s, err := sample.Build(nil, bert, settings, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, in := range s.Inputs {
		fmt.Println(in.Flag(), "from", in.Source)
	}
	fmt.Println(s.DataSize(), "bytes")
	// Output:
	// --sample 'input_ids:int64[1,150]=arange(4)' from max_length 150 in "setup_config.json"
	// --sample 'attention_mask:int64[1,150]=ones' from max_length 150 in "setup_config.json"
	// 2400 bytes
}

func ExampleBuild_none() {
	_, err := sample.Build(nil, bert, sample.Settings{}, 0)
	fmt.Println(err)
	// Output:
	// there is no sample for forward, which takes input_ids: Tensor, attention_mask: Tensor: give --sample 'input_ids:int64[1,128]=arange(4)' --sample 'attention_mask:int64[1,128]=ones' with the model's own shapes
}

func ExampleSample_WriteData() {
	spec, err := sample.Parse("x:int16[2,3]=arange")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := sample.Build([]sample.Spec{spec}, []protocol.Argument{{Name: "x", Type: "Tensor"}}, sample.Settings{}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	var data bytes.Buffer
	fmt.Println(s.WriteData(&data), data.Bytes())
	// Output:
	// <nil> [0 0 1 0 2 0 3 0 4 0 5 0]
}
