// What native/Model.kt calls of LiteRT's Interpreter, declared as org.tensorflow.lite of
// com.google.ai.edge.litert:litert 1.4 has it. The bodies are stand-ins: the file's tensors are
// those of $STAND_IN/tensors.txt; what is fed goes to fed-N.bin there, answers are answer-N.bin.
package org.tensorflow.lite

import java.io.File
import java.nio.ByteBuffer

class Tensor(private val name: String) {
    fun name(): String = name
}

class Interpreter(@Suppress("UNUSED_PARAMETER") file: ByteBuffer, @Suppress("UNUSED_PARAMETER") options: Options) : AutoCloseable {
    class Options {
        fun setNumThreads(@Suppress("UNUSED_PARAMETER") threads: Int): Options = this
        fun setUseXNNPACK(@Suppress("UNUSED_PARAMETER") use: Boolean): Options = this
    }

    private val place = File(System.getenv("STAND_IN"))
    private val lines = File(place, "tensors.txt").readLines().map { it.split(" ", limit = 3) }
    private val ins = lines.filter { it[0] == "in" }.map { it[2] }
    private val outs = lines.filter { it[0] == "out" }.map { it[2] }
    private val signed = System.getenv("SIGNED") == "1"

    val signatureKeys: Array<String> = if (signed) arrayOf("main") else arrayOf()
    fun getSignatureInputs(@Suppress("UNUSED_PARAMETER") key: String): Array<String> = ins.toTypedArray()
    fun getSignatureOutputs(@Suppress("UNUSED_PARAMETER") key: String): Array<String> = outs.toTypedArray()
    val inputTensorCount: Int = ins.size
    val outputTensorCount: Int = outs.size
    fun getInputTensor(index: Int) = Tensor(ins[index])
    fun getOutputTensor(index: Int) = Tensor(outs[index])
    fun resetVariableTensors() {}

    fun runSignature(inputs: Map<String, Any>, outputs: Map<String, Any>, @Suppress("UNUSED_PARAMETER") key: String?) =
        runForMultipleInputsOutputs(
            ins.map { inputs[it]!! }.toTypedArray(),
            outs.indices.associateWith { outputs[outs[it]]!! },
        )

    fun runForMultipleInputsOutputs(inputs: Array<Any>, outputs: Map<Int, Any>) {
        inputs.forEachIndexed { i, one ->
            val buffer = one as ByteBuffer
            val bytes = ByteArray(buffer.remaining())
            buffer.get(bytes)
            File(place, "fed-$i.bin").writeBytes(bytes)
        }
        outputs.forEach { (i, one) -> (one as ByteBuffer).put(File(place, "answer-$i.bin").readBytes()) }
    }

    override fun close() {}
}
